-- What the network that waits had tried of late at any account, before this: of those who come as told, it goes the sooner
-- the less it was.
alter table auth.login_waiting add tries integer not null default 0;
