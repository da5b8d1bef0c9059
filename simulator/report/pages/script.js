(() => {
  "use strict";
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  for (const tools of all(".tools, button.copy")) tools.hidden = false;
  for (const button of all("button.copy")) {
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    });
  }
  const folds = () => all("#content details");
  const set = (open) => { for (const each of folds()) each.open = open; };
  document.getElementById("unfold")?.addEventListener("click", () => set(true));
  document.getElementById("fold")?.addEventListener("click", () => set(false));
  const reveal = (element) => {
    for (let at = element; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  };
  const follow = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target) { reveal(target); target.scrollIntoView(); }
  };
  addEventListener("hashchange", follow);
  follow();
  const box = document.getElementById("search");
  const found = document.getElementById("found");
  box?.addEventListener("input", () => {
    const wanted = box.value.toLowerCase();
    let count = 0;
    for (const line of all(".log [id]")) {
      const hit = wanted !== "" && line.textContent.toLowerCase().includes(wanted);
      line.classList.toggle("hit", hit);
      if (hit) { reveal(line); count += 1; if (count === 1) line.scrollIntoView({ block: "center" }); }
    }
    found.textContent = wanted ? `${count} ${count === 1 ? "line" : "lines"}` : "";
  });
})();
