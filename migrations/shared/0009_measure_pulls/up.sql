-- What decides whether a full listing was complete.
ALTER TABLE pulls ADD COLUMN total BIGINT;       -- how many objects the partner says the list has
ALTER TABLE pulls ADD COLUMN listing TEXT;       -- the pull that began this listing, where a failed one is gone on from
ALTER TABLE pulls ADD COLUMN began_stamp BIGINT; -- the stamp before the first page: what has a later one was touched since
ALTER TABLE pulls ADD COLUMN doubt TEXT;         -- why the listing is not proven complete
