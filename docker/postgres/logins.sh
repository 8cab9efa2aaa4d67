#!/bin/sh
# The logins of innoERP's processes, made once with an empty database: each is a member of the one role that it needs, and
# owns nothing. See DATABASE_URL and DATABASE_RELAY_URL in .env.example.
set -eu

# $1: what is served with it, $2: the role
login() {
    psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v login="innoerp_service_$1" -v role="$2" \
        -v password="$SERVICES_PASSWORD" <<'SQL'
create role :"role" nologin;
create role :"login" login password :'password' in role :"role";
SQL
}

for module in tenant auth user notification employee leave contact products crm; do
    login "$module" "innoerp_$module"
done
login router innoerp_app
login relay innoerp_relay
# Serves all modules in one process, as the demo's seed does.
login all innoerp_modules
