#!/bin/bash
# Run once by PostgreSQL's image, on an empty volume: a database for each service, and a user who
# can connect to that one only.
set -e

create() {
  psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set name="$1" --set password="$2" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
SQL
}

create order "$ORDER_DATABASE_PASSWORD"
create approval "$APPROVAL_DATABASE_PASSWORD"
create equipment "$EQUIPMENT_DATABASE_PASSWORD"
