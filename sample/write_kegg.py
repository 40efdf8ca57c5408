"""Writes the sample's KEGG part: KEGG's formats, filled with textbook biochemistry. Run it to write the files again.

Ids, names and stoichiometry are facts, as KEGG publishes them (Kanehisa and Goto 2000, doi:10.1093/nar/28.1.27). The
layout (coordinates) is this project's own. Main substrates and products only, as KGML draws them.
"""

import json
from pathlib import Path

HERE = Path(__file__).parent
COMPOUNDS = dict(
    line.split(" ", 1)
    for line in """C00007 Oxygen
C00011 CO2
C00014 Ammonia
C00022 Pyruvate
C00024 Acetyl-CoA
C00026 2-Oxoglutarate
C00036 Oxaloacetate
C00042 Succinate
C00059 Sulfate; "vitriol"
C00074 Phosphoenolpyruvate; PEP
C00088 Nitrite
C00091 Succinyl-CoA
C00094 Sulfite
C00111 Glycerone phosphate; Dihydroxyacetone phosphate
C00118 D-Glyceraldehyde 3-phosphate
C00122 Fumarate
C00149 (S)-Malate; L-Malate
C00158 Citrate
C00197 3-Phospho-D-glycerate
C00199 D-Ribulose 5-phosphate
C00224 Adenylyl sulfate; APS
C00236 3-Phospho-D-glyceroyl phosphate; 1,3-Bisphosphoglycerate
C00244 Nitrate
C00267 alpha-D-Glucose
C00283 Hydrogen sulfide
C00311 Isocitrate
C00417 cis-Aconitate
C00631 2-Phospho-D-glycerate
C00668 alpha-D-Glucose 6-phosphate
C00697 Nitrogen; N2
C01182 D-Ribulose 1,5-bisphosphate
C01438 Methane
C03920 2-(Methylthio)ethanesulfonate; Methyl-CoM
C05345 beta-D-Fructose 6-phosphate
C05378 beta-D-Fructose 1,6-bisphosphate""".splitlines()
)
# reaction: substrates, products, reversible, orthologs, genes of Escherichia coli K-12 MG1655
REACTIONS = {
    "R01786": ("C00267", "C00668", False, "K00844", ""),
    "R02740": ("C00668", "C05345", True, "", "eco:b4025"),
    "R04779": ("C05345", "C05378", False, "K00850", "eco:b3916 eco:b1723"),
    "R01070": ("C05378", "C00111 C00118", True, "K01623", "eco:b2925"),
    "R01015": ("C00118", "C00111", True, "K01803", "eco:b3919"),
    "R01061": ("C00118", "C00236", True, "K00134", "eco:b1779"),
    "R01512": ("C00236", "C00197", True, "K00927", "eco:b2926"),
    "R01518": ("C00197", "C00631", True, "", ""),
    "R00658": ("C00631", "C00074", True, "K01689", "eco:b2779"),
    "R00200": ("C00074", "C00022", False, "K00873", "eco:b1676 eco:b1854"),
    "R00351": ("C00036 C00024", "C00158", False, "K01647", "eco:b0720"),
    "R01325": ("C00158", "C00417", True, "K01681", "eco:b1276 eco:b0118"),
    "R01900": ("C00417", "C00311", True, "K01681", "eco:b1276 eco:b0118"),
    "R00709": ("C00311", "C00026", False, "", ""),
    "R00405": ("C00091", "C00042", True, "", ""),
    "R02164": ("C00042", "C00122", True, "K00239", "eco:b0723"),
    "R01082": ("C00122", "C00149", True, "K01679", "eco:b1611"),
    "R00342": ("C00149", "C00036", True, "K00024", "eco:b3236"),
    "R01523": ("C00199", "C01182", False, "K00855", ""),
    "R00024": ("C01182 C00011", "C00197", False, "K01601", ""),
    "R04541": ("C03920", "C01438", True, "K00399", ""),
    "R05185": ("C00697", "C00014", False, "K02586", ""),
    "R00798": ("C00244", "C00088", True, "K00370", "eco:b1224"),
    "R00790": ("C00088", "C00014", False, "", ""),
    "R00529": ("C00059", "C00224", True, "K00958", "eco:b2751 eco:b2752"),
    "R08553": ("C00224", "C00094", True, "K00394", ""),
    "R00858": ("C00094", "C00283", False, "K00381", "eco:b2763"),
}
NAMES = {
    "00010": ("Glycolysis / Gluconeogenesis", "Metabolism", "Carbohydrate metabolism"),
    "00020": ("Citrate cycle (TCA cycle)", "Metabolism", "Carbohydrate metabolism"),
    "00190": ("Oxidative phosphorylation", "Metabolism", "Energy metabolism"),
    "00195": ("Photosynthesis", "Metabolism", "Energy metabolism"),
    "00680": ("Methane metabolism", "Metabolism", "Energy metabolism"),
    "00710": ("Carbon fixation by Calvin cycle", "Metabolism", "Energy metabolism"),
    "00910": ("Nitrogen metabolism", "Metabolism", "Energy metabolism"),
    "00920": ("Sulfur metabolism", "Metabolism", "Energy metabolism"),
    "01220": ("Degradation of aromatic compounds", "Metabolism", "Global and overview maps"),
    "04146": ("Peroxisome", "Cellular Processes", "Transport and catabolism"),
}
STEPS = {
    "00010": "R01786 R02740 R04779 R01070 R01015 R01061 R01512 R01518 R00658 R00200",
    "00020": "R00351 R01325 R01900 R00709 R00405 R02164 R01082 R00342",
    "00680": "R04541",
    "00710": "R01523 R00024 R01512 R01061 R01015",
    "00910": "R05185 R00798 R00790",
    "00920": "R00529 R08553 R00858",
}
ECO = ("00010", "00020", "00920")
GENES = {
    "b0118": "acnB; bifunctional aconitate hydratase 2 and 2-methylisocitrate dehydratase",
    "b0720": "gltA; citrate synthase",
    "b0723": "sdhA; succinate:quinone oxidoreductase, FAD binding protein",
    "b1224": "narG; nitrate reductase A subunit alpha",
    "b1276": "acnA; aconitate hydratase 1",
    "b1611": "fumC; fumarase C",
    "b1676": "pykF; pyruvate kinase 1",
    "b1723": "pfkB; 6-phosphofructokinase 2",
    "b1779": "gapA; glyceraldehyde-3-phosphate dehydrogenase A",
    "b1854": "pykA; pyruvate kinase 2",
    "b2751": "cysN; sulfate adenylyltransferase subunit 1",
    "b2752": "cysD; sulfate adenylyltransferase subunit 2",
    "b2763": "cysI; sulfite reductase, hemoprotein subunit",
    "b2779": "eno; enolase",
    "b2925": "fbaA; fructose-bisphosphate aldolase class II",
    "b2926": "pgk; phosphoglycerate kinase",
    "b3236": "mdh; malate dehydrogenase",
    "b3916": "pfkA; 6-phosphofructokinase 1",
    "b3919": "tpiA; triose-phosphate isomerase",
    "b4025": "pgi; glucose-6-phosphate isomerase",
}


def kgml(prefix: str, number: str) -> str:
    """One pathway. The citrate cycle ends with a reaction that has neither side, as some real files do."""
    steps, entries, reactions, compounds = STEPS[number].split(), [], [], {}
    for reaction in steps:
        for side in REACTIONS[reaction][:2]:
            for compound in side.split():
                compounds.setdefault(compound, 100 + len(compounds))
    for i, reaction in enumerate(steps, 1):
        substrates, products, reversible, orthologs, genes = REACTIONS[reaction]
        names = " ".join(f"ko:{k}" for k in orthologs.split()) if prefix == "ko" else genes
        kind = {"ko": "ortholog"}.get(prefix, "gene")
        entries.append((i, names or f"rn:{reaction}", kind if names else "reaction", f' reaction="rn:{reaction}"'))
        sides = [
            f'        <{role} id="{compounds[c]}" name="cpd:{c}"/>'
            for role, side in (("substrate", substrates), ("product", products))
            for c in side.split()
        ]
        direction = "reversible" if reversible else "irreversible"
        reactions += [f'    <reaction id="{i}" name="rn:{reaction}" type="{direction}">', *sides, "    </reaction>"]
    if number == "00020":
        reactions.append('    <reaction id="99" name="rn:R00709" type="irreversible"></reaction>')
    entries += [(id, f"cpd:{c}", "compound", "") for c, id in compounds.items()]
    body = []
    for id, names, kind, extra in entries:
        x, y = (80 + 90 * (id % 10), 60 + 40 * (id // 10))
        body += [
            f'    <entry id="{id}" name="{names}" type="{kind}"{extra}>',
            f'        <graphics name="{names.split()[0]}" type="rectangle" x="{x}" y="{y}" width="46" height="17"/>',
            "    </entry>",
        ]
    body += ['    <entry id="200" name="undefined" type="group">', '        <component id="1"/>', "    </entry>"]
    head = [
        '<?xml version="1.0"?>',
        '<!DOCTYPE pathway SYSTEM "https://www.kegg.jp/kegg/xml/KGML_v0.7.2_.dtd">',
        "<!-- Written for this project's sample from published facts; not KEGG's file -->",
        f'<pathway name="path:{prefix}{number}" org="{prefix}" number="{number}" title="{NAMES[number][0]}">',
    ]
    return "\n".join([*head, *body, *reactions, "</pathway>", ""])


def equation(reaction: str) -> str:
    left, right = (" + ".join(COMPOUNDS[c].split(";")[0] for c in side.split()) for side in REACTIONS[reaction][:2])
    return f"{left} <=> {right}"


def hierarchy() -> str:
    tree: dict[str, dict[str, list[str]]] = {}
    for number, (name, top, sub) in NAMES.items():
        tree.setdefault(top, {}).setdefault(sub, []).append(f"{number}  {name}")
    nodes = [
        {
            "name": top,
            "children": [{"name": sub, "children": [{"name": n} for n in names]} for sub, names in subs.items()],
        }
        for top, subs in tree.items()
    ]
    return json.dumps({"name": "br08901", "children": nodes}, indent=1)


def overview() -> str:
    ids = ["C00031", "C01455", "K00055+R01763", "K07534+R05600", "C02124"]
    areas = [
        f'<area shape="circle" coords="{50 + 40 * i},80,4" href="/entry/{id}" title="{id}" />'
        for i, id in enumerate(ids)
    ]
    areas.append('<area shape="poly" coords="5,5,9,9,5,9" href="javascript:void(0)" data-module="M00548" />')
    title = "<title>KEGG PATHWAY: map01220 (sample, written for this project)</title>"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f"<html><head>{title}</head><body>",
            '<map name="mapdata">',
            *areas,
            "</map></body></html>",
            "",
        ]
    )


def main() -> None:
    odd: list[str] = []

    def write(path: str, text: str, *, url: str = "") -> None:
        place = HERE / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        if url:
            odd.append(f"{url}\t{path}")

    def lines(pairs) -> str:
        return "".join(f"{a}\t{b}\n" for a, b in pairs)

    api = "https://rest.kegg.jp"
    # A URL that is the beginning of another cannot be a file and a folder: it gets another name, told in the manifest.
    write("rest.kegg.jp/list/pathway.tsv", lines((f"map{n}", NAMES[n][0]) for n in NAMES), url=f"{api}/list/pathway")
    eco = ((f"eco{n}", f"{NAMES[n][0]} - Escherichia coli K-12 MG1655") for n in ECO)
    write("rest.kegg.jp/list/pathway/eco", lines(eco))
    genes = ((f"eco:{id}", f"CDS\t\t{text}") for id, text in GENES.items())
    write("rest.kegg.jp/list/eco", lines(genes))
    # One line of the compounds is broken on purpose: it shows what a reject looks like.
    write("rest.kegg.jp/list/compound", lines(COMPOUNDS.items()) + "C99999 broken on purpose: no tab\n")
    write("rest.kegg.jp/list/reaction", lines((r, equation(r)) for r in REACTIONS))
    linked = sorted(
        {
            (f"path:map{n}", f"cpd:{c}")
            for n in STEPS
            for r in STEPS[n].split()
            for s in REACTIONS[r][:2]
            for c in s.split()
        }
    )
    write("rest.kegg.jp/link/compound/pathway", lines(linked))
    write("rest.kegg.jp/get/br:br08901/json", hierarchy())
    write("www.kegg.jp/pathway/map01220", overview())
    for number in STEPS:
        write(f"rest.kegg.jp/get/ko{number}/kgml", kgml("ko", number))
    for number in ECO:
        write(f"rest.kegg.jp/get/eco{number}/kgml", kgml("eco", number))
    manifest = HERE / "MANIFEST.tsv"
    others = [line for line in manifest.read_text().splitlines()[1:] if "kegg" not in line] if manifest.exists() else []
    manifest.write_text("\n".join(["url\tfile", *odd, *others]) + "\n")


if __name__ == "__main__":
    main()
