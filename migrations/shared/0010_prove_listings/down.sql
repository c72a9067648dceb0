DROP INDEX pulls_missing;
DROP INDEX pulls_active;
CREATE UNIQUE INDEX pulls_active ON pulls (partner, entity) WHERE state IN ('queued', 'running');
DROP TABLE decisions;
DROP TABLE archivals;
DROP TABLE absences;
DROP TABLE listed_pages;
DROP TABLE listed;
DROP TABLE listings;
