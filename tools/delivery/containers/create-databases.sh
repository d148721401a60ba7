#!/bin/bash
# PostgreSQL's image runs this once, on an empty volume. Creates a database for each service, and a user
# that can connect to that database only.
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
