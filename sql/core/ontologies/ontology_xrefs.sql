select distinct term, xref, split_part(xref, ':', 1) as database from raw.ontologies_xrefs
