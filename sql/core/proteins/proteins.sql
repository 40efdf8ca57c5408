-- One row a UniProt entry. Where several answers have it, those of its newest version; one that was not asked for the
-- version comes last.
with newest as (select accession, max(coalesce(version, -1)) as version from raw.uniprot_entries group by accession)
select
    e.accession,
    max(e.entry_name) as entry_name,
    bool_or(e.reviewed) as reviewed,
    coalesce(max(e.protein_name), max(e.protein_names)) as name,
    max(e.gene) as gene,
    max(e.ordered_loci) as ordered_loci,
    max(e.organism) as organism,
    max(e.taxon_id) as taxon_id,
    max(e.length) as length,
    max(e.mass) as mass,
    bool_or(e.fragment) as fragment,
    max(e.existence) as existence,
    max(e.ec_numbers) as ec_numbers,
    max(e.version) as version,
    max(e.sequence_version) as sequence_version,
    max(e.checksum) as checksum,
    max(e.modified) as modified
from raw.uniprot_entries e
join newest n on n.accession = e.accession and n.version = coalesce(e.version, -1)
group by e.accession
