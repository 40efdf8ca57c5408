-- What ENA's records say of themselves by name, as submitters wrote it: depth, temperature, tissue; each once,
-- whichever
-- answers have it.
select distinct accession, kind, tag, value, units from raw.ena_attributes
