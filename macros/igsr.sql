-- How IGSR's indexes write files and samples. NULL in, NULL out.

-- igsr_url(path): one address for a file, however an index writes it: ftp://host/a, ftp:/host/a (two indexes of
-- GRCh38), /nfs/.../ftp/a (the archive's own disks), ftp/a (a tree), or a path below the archive's root.
CREATE MACRO igsr_url(path) AS
    CASE
        WHEN regexp_matches(path, '^(ftp|https?):/') THEN 'https://' || regexp_replace(path, '^[a-z]+:/+', '')
        WHEN regexp_matches(path, '^/nfs/.*/ftp/')
            THEN 'https://ftp.1000genomes.ebi.ac.uk/vol1/' || regexp_extract(path, '^/nfs/.*?/(ftp/.*)$', 1)
        WHEN regexp_matches(path, '^/?ftp(/|$)') THEN 'https://ftp.1000genomes.ebi.ac.uk/vol1/' || ltrim(path, '/')
        ELSE 'https://ftp.1000genomes.ebi.ac.uk/vol1/ftp/' || ltrim(path, '/')
    END;

-- igsr_sample(name): a sample's name without the prefix of who submitted it (GEUV:NA10847 is NA10847) and without the
-- blanks that some indexes leave at its end.
CREATE MACRO igsr_sample(name) AS trim(regexp_replace(name, '^[A-Za-z]+:', ''));

-- igsr_sample_of(path): the sample of a file: the folder data/<sample>/ or data/<population>/<sample>/ that it lies in,
-- or a Coriell number that its name begins with; NULL where there is neither.
CREATE MACRO igsr_sample_of(path) AS
    coalesce(
        nullif(regexp_extract(path, '(?:^|/)data/(?:[A-Za-z]+/)?([A-Za-z_-]*[0-9][^/]*)/', 1), ''),
        nullif(regexp_extract(path, '(?:^|/)((?:HG|NA)[0-9]{5})[^/0-9][^/]*$', 1), '')
    );

-- igsr_format(path): what a file's name ends in, without the compression: fastq, bam, cram, crai, vcf ...
CREATE MACRO igsr_format(path) AS
    nullif(regexp_extract(lower(path), '\.([a-z0-9]+)(?:\.(?:gz|bz2|zip))?$', 1), '');

-- igsr_data_type(path): in one word what the format holds; 'other' for those that are none of these.
CREATE MACRO igsr_data_type(path) AS
    CASE
        WHEN path IS NULL THEN NULL
        WHEN ends_with(path, '/') THEN 'folder'
        WHEN igsr_format(path) IN ('fastq', 'fq', 'h5', 'fast5', 'sff', 'srf') THEN 'reads'
        WHEN igsr_format(path) IN ('bam', 'cram', 'csra') THEN 'alignment'
        WHEN igsr_format(path) IN ('bai', 'crai', 'tbi', 'csi') THEN 'index'
        WHEN igsr_format(path) IN ('vcf', 'bcf') THEN 'variants'
        WHEN igsr_format(path) = 'bas' THEN 'statistics'
        ELSE 'other'
    END;

-- igsr_sex(cell): female or male, however a list writes it: in a pedigree 1 is male and 2 female.
CREATE MACRO igsr_sex(cell) AS
    CASE WHEN lower(cell) IN ('1', 'm', 'male') THEN 'male' WHEN lower(cell) IN ('2', 'f', 'female') THEN 'female' END;
