# PostgreSQL's image runs this once, on an empty volume. It creates a database and its owner, who can
# connect to no other database.
psql --quiet --set ON_ERROR_STOP=1 --username postgres --dbname postgres \
  --set owner="$OWNER" --set password="$OWNER_PASSWORD" <<'SQL'
CREATE ROLE :"owner" LOGIN PASSWORD :'password';
CREATE DATABASE :"owner" OWNER :"owner";
REVOKE CONNECT ON DATABASE :"owner" FROM PUBLIC;
REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
SQL
