// The search box, and edges that light up around a node. The site is whole without it.
(function () {
  "use strict";
  const root = document.documentElement.dataset.root;
  const box = document.getElementById("search");
  const list = document.getElementById("found");
  const MOST = 20;
  let loading = false, at = -1;

  function load() {
    if (loading) return;
    loading = true;
    const script = document.createElement("script");
    script.src = root + "search-index.js";
    script.onload = show;
    document.head.append(script);
  }

  // Tables whose name or description has every word, then columns whose own name has them.
  function find(words) {
    const found = [];
    for (const [name, address, kind, doc, columns] of window.SITE_INDEX) {
      const lower = name.toLowerCase(), told = lower + " " + doc.toLowerCase();
      if (words.every((word) => told.includes(word))) {
        const near = words.every((word) => lower.includes(word)) ? (lower.split(".").pop().startsWith(words[0]) ? 0 : 1) : 3;
        found.push([near, name, address, kind + (doc ? ": " + doc : "")]);
      }
      for (const column of columns) {
        const whole = (name + "." + column).toLowerCase();
        if (words.every((word) => whole.includes(word)) && words.some((word) => column.toLowerCase().includes(word)))
          found.push([2, name + "." + column, address + "#c-" + encodeURIComponent(column), "column"]);
      }
    }
    return found.sort((a, b) => a[0] - b[0] || a[1].length - b[1].length || (a[1] < b[1] ? -1 : 1));
  }

  function show() {
    if (!window.SITE_INDEX) return load();
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length ? find(words) : [];
    list.replaceChildren(...found.slice(0, MOST).map(([, name, address, about]) => {
      const item = document.createElement("li"), link = document.createElement("a");
      const code = document.createElement("code"), small = document.createElement("small");
      link.href = root + address;
      code.textContent = name;
      small.textContent = about;
      link.append(code, small);
      item.append(link);
      return item;
    }));
    const rest = found.length - MOST;
    if (words.length && (rest > 0 || !found.length)) {
      const note = document.createElement("p");
      note.textContent = rest > 0 ? rest + " more" : "nothing is called so";
      list.append(note);
    }
    list.hidden = !words.length;
    at = -1;
  }

  function step(by) {
    const links = [...list.querySelectorAll("a")];
    if (!links.length) return;
    at = (at + by + links.length) % links.length;
    links.forEach((link, i) => link.classList.toggle("on", i === at));
    links[at].scrollIntoView({ block: "nearest" });
  }

  box.addEventListener("focus", load);
  box.addEventListener("input", show);
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); step(event.key === "ArrowDown" ? 1 : -1); }
    if (event.key === "Enter") { const link = list.querySelectorAll("a")[Math.max(at, 0)]; if (link) location.href = link.href; }
    if (event.key === "Escape") { box.value = ""; show(); box.blur(); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(event.target.tagName)) { event.preventDefault(); box.focus(); }
  });
  document.addEventListener("click", (event) => { if (!event.target.closest(".search")) list.hidden = true; });

  const asked = new URLSearchParams(location.search).get("q"); // index.html?q=words: a search to link to
  if (asked) { box.value = asked; show(); }

  for (const graph of document.querySelectorAll(".graph svg")) {
    const edges = [...graph.querySelectorAll(".edges path")];
    const light = (name) => edges.forEach((edge) =>
      edge.classList.toggle("lit", edge.dataset.from === name || edge.dataset.to === name));
    for (const node of graph.querySelectorAll(".node")) {
      for (const kind of ["mouseenter", "focus"]) node.addEventListener(kind, () => light(node.dataset.node));
      for (const kind of ["mouseleave", "blur"]) node.addEventListener(kind, () => light(null));
    }
  }
  const about = document.querySelector(".graph .about"); // what the page is about, in view
  if (about) { const view = about.closest(".graph"), at = about.getBBox(); view.scrollLeft = at.x + at.width / 2 - view.clientWidth / 2; view.scrollTop = at.y + at.height / 2 - view.clientHeight / 2; }
})();
