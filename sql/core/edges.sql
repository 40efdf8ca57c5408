-- One row per pathway, reaction, substrate and product. Enzymes: the genes, orthologs or EC numbers of the entry that
-- carries the reaction (the same number in the document) and of every entry that names it.
WITH pair AS (
    SELECT pathway_id, reaction_id, substrate, product, bool_or(reversible) AS reversible
    FROM staging.kgml_pairs WHERE known_ids
    GROUP BY pathway_id, reaction_id, substrate, product
),
entry AS (
    SELECT pathway_id, entry_id, names, reactions FROM raw.kgml_entries WHERE type IN ('gene', 'ortholog', 'enzyme')
),
carried AS (
    SELECT pathway_id, unnest(reactions) AS reaction_id, names FROM entry
    UNION ALL
    SELECT p.pathway_id, p.reaction_id, e.names
    FROM (SELECT DISTINCT pathway_id, reaction_id, entry_id FROM staging.kgml_pairs) p
    JOIN entry e ON e.pathway_id = p.pathway_id AND e.entry_id = p.entry_id
),
enzyme AS (SELECT DISTINCT pathway_id, reaction_id, unnest(names) AS name FROM carried),
enzymes AS (
    SELECT pathway_id, reaction_id, list(name ORDER BY name) AS enzymes FROM enzyme GROUP BY pathway_id, reaction_id
)
SELECT p.pathway_id, p.reaction_id, p.substrate, p.product, p.reversible,
       coalesce(e.enzymes, CAST([] AS VARCHAR[])) AS enzymes
FROM pair p
LEFT JOIN enzymes e ON e.pathway_id = p.pathway_id AND e.reaction_id = p.reaction_id
