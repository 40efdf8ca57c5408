-- What KEGG links to what, both ways in one table: from_db and to_db are KEGG's prefixes (path, cpd, ec, pubchem, ...).
select distinct from_db, from_id, to_db, to_id from raw.kegg_links
