-- The files of runs, each once, whatever answers have them.
select run_accession, kind, url, min(number) as number, max(bytes) as bytes, max(md5) as md5
from raw.ena_files
group by run_accession, kind, url
