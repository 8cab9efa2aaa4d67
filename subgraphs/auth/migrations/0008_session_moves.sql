-- Whether the last exchange of a session's refresh token moved it to another organization. The token before is answered the
-- same move again, and nothing else: whoever believes the session to be where it was is told that it has moved.
alter table auth.session add exchange_moved boolean not null default false;
