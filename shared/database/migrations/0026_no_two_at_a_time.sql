-- That no two rows hold at the same time is said by an index over ids and days together.
create extension if not exists btree_gist with schema core;
