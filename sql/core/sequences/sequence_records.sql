-- One row a record of ENA. Several answers may have it in part, each as true as the others: of a run a search knows the
-- organism, its XML the day of its last change. `same_as` is INSDC's accession, which NCBI, ENA and DDBJ share.
with
    once as (
        select
            accession,
            kind,
            max(version) as version,
            max(secondary_accession) as secondary_accession,
            max(description) as description,
            max(taxon_id) as taxon_id,
            max(scientific_name) as scientific_name,
            max(bases) as bases,
            max(reads) as reads,
            max(study_accession) as study_accession,
            max(secondary_study_accession) as secondary_study_accession,
            max(sample_accession) as sample_accession,
            max(secondary_sample_accession) as secondary_sample_accession,
            max(experiment_accession) as experiment_accession,
            max(run_accession) as run_accession,
            max(assembly_accession) as assembly_accession,
            max(library_strategy) as library_strategy,
            max(library_source) as library_source,
            max(library_layout) as library_layout,
            max(instrument_platform) as instrument_platform,
            max(instrument_model) as instrument_model,
            max(molecule) as molecule,
            min(first_public) as first_public,
            max(last_updated) as last_updated
        from raw.ena_records
        group by accession, kind
    )
select
    *,
    case
        when kind = 'run' and regexp_full_match(accession, '[SED]RR\d+')
        then accession
        when kind = 'experiment' and regexp_full_match(accession, '[SED]RX\d+')
        then accession
        when kind = 'study' and regexp_full_match(accession, 'PRJ(NA|EB|DB)\d+|[SED]RP\d+')
        then accession
        when kind = 'sample' and regexp_full_match(accession, 'SAM(N|EA|D)\d+|[SED]RS\d+')
        then accession
        when kind = 'assembly' and regexp_full_match(accession, 'GCA_\d{9}')
        then accession
        when
            kind = 'sequence'
            and regexp_full_match(accession, '[A-Z]\d{5}|[A-Z]{2}\d{6,8}|[A-Z]{3}\d{5,7}|[A-Z]{4,6}\d{8,}')
        then accession
    end as same_as,
    case
        when regexp_matches(accession, '^(SR[RXPS]|SAMN|PRJNA)\d')
        then 'NCBI'
        when regexp_matches(accession, '^(ER[RXPS]|SAMEA|PRJEB)\d')
        then 'ENA'
        when regexp_matches(accession, '^(DR[RXPS]|SAMD|PRJDB)\d')
        then 'DDBJ'
    end as issued_by
from once
