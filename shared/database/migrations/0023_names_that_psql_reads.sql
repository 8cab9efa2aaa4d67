-- contracts: no version that was released calls it by its old name
-- psql counts the word `begin` in whatever creates a function, and waits for its `end`: a plain dump with a function of that
-- name could not be read back. So it is called what it does.
alter function approval.begin(text, uuid, uuid, uuid, numeric, uuid, text) rename to start;
