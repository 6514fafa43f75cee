-- Run once by the container of PostgreSQL, on its new database: prismd gets a login that is no superuser, and the superuser
-- can no more log in over the network (docs/safety.md).
\getenv password POSTGRES_PASSWORD
CREATE ROLE prismd LOGIN PASSWORD :'password';
CREATE ROLE prismd_team NOLOGIN;
GRANT prismd_team TO prismd;
ALTER DATABASE prismd OWNER TO prismd;
ALTER ROLE postgres PASSWORD NULL;
