# Run once by PostgreSQL's image, on an empty volume: a database, and a user who owns it and nothing
# else, and who can connect to no other.
psql --quiet --set ON_ERROR_STOP=1 --username postgres --dbname postgres \
  --set owner="$OWNER" --set password="$OWNER_PASSWORD" <<'SQL'
CREATE ROLE :"owner" LOGIN PASSWORD :'password';
CREATE DATABASE :"owner" OWNER :"owner";
REVOKE CONNECT ON DATABASE :"owner" FROM PUBLIC;
REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
SQL
