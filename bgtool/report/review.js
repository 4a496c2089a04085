// The list of files: filters, pages, verdicts and keys. All text from files is set as text, never as markup.

const data = JSON.parse($("data").textContent);
const PAGE = 60;
const STORE = `bgtool-review-${data.id}`;

const state = { shown: [], page: 0, current: -1, verdicts: {} };
const items = data.items.map((item, number) => ({
  ...item,
  number,
  label: item.l || item.n,
  key: `${data.roots[item.r].path}\n${item.n}\n${item.d || ""}`, // with its digest: what is done anew is not judged yet
  folder: folderOf(item),
  sought: item.n.toLowerCase(),
}));

function folderOf(item) {
  const parts = item.n.split(between(data.roots[item.r].path)).slice(0, -1).join("/");
  return data.roots.length > 1 ? `${data.roots[item.r].path} / ${parts}` : parts;
}

function remember() {
  try {
    localStorage.setItem(STORE, JSON.stringify(state.verdicts));
  } catch { /* a browser that keeps nothing */ }
}

function recall() {
  try {
    const kept = JSON.parse(localStorage.getItem(STORE) || "{}");
    state.verdicts = Object.assign(Object.create(null), kept);
  } catch {
    state.verdicts = Object.create(null);
  }
}

const SHOWS = {
  "all files": () => true,
  "failed": (item) => item.e,
  "deserve a look": (item) => item.e || item.k || item.w,
  "with warnings": (item) => item.w,
  "not judged yet": (item) => !state.verdicts[item.key],
  "accepted": (item) => state.verdicts[item.key] === "accepted",
  "rejected": (item) => state.verdicts[item.key] === "rejected",
};
data.reasons.forEach((reason, number) => { SHOWS[reason] = (item) => item.k && item.k.includes(number); });

const ORDERS = {
  doubt: (a, b) => a.number - b.number,
  name: (a, b) => (a.n < b.n ? -1 : a.n > b.n ? 1 : 0),
  time: (a, b) => b.s - a.s,
};

function made(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function choose() {
  const folder = $("folder").value, sought = $("search").value.toLowerCase(), passes = SHOWS[$("show").value];
  const chosen = items.filter((item) => passes(item) && (folder === "*" || item.folder === folder.slice(1))
    && (!sought || item.sought.includes(sought)));
  state.shown = chosen.sort(ORDERS[$("order").value]);
  state.page = 0;
  $("count").textContent = `${chosen.length} of ${items.length} files`;
  draw();
  if (!chosen.some((item) => item.number === state.current)) select(0);
}

function draw() {
  const first = state.page * PAGE, pages = Math.max(1, Math.ceil(state.shown.length / PAGE));
  $("files").replaceChildren(...state.shown.slice(first, first + PAGE).map(row));
  $("place").textContent = `${state.page + 1} of ${pages}`;
  $("earlier").disabled = state.page === 0;
  $("later").disabled = state.page + 1 >= pages;
}

function row(item) {
  const button = made("button", undefined, item.e ? "failed" : "");
  button.type = "button";
  button.dataset.number = item.number;
  button.setAttribute("aria-current", String(item.number === state.current));
  button.append(thumbs(item), about(item));
  button.addEventListener("click", () => select(state.shown.indexOf(item)));
  const line = made("li");
  line.append(button);
  return line;
}

function about(item) {
  const box = made("span", undefined, "about");
  const name = made("b");
  name.append(made("bdi", item.label));
  box.append(name);
  const verdict = state.verdicts[item.key];
  if (verdict) box.append(made("small", verdict, verdict === "accepted" ? "good" : "bad"));
  const why = item.e || (item.k || []).map((number) => data.reasons[number]).join(", ") || (item.w ? item.w[0] : "");
  if (why) box.append(made("small", why, "why"));
  if (item.c !== undefined) box.append(made("small", `${Math.round(item.c * 100)} % sure`));
  return box;
}

function thumbs(item) {
  const box = made("span", undefined, "thumbs");
  if (!item.t) return box;
  const [sheet, place, ...sizes] = item.t;
  for (const side of [0, 1]) {
    const [width, height] = sizes.slice(2 * side, 2 * side + 2);
    const picture = made("span", undefined, "thumb");
    const left = ((place % data.across) * 2 + side) * data.side, top = Math.floor(place / data.across) * data.side;
    picture.style.width = `${width / 2}px`;
    picture.style.height = `${height / 2}px`;
    picture.style.backgroundImage = `url("${data.pictures}${data.sheets[sheet]}")`;
    picture.style.backgroundSize = `${data.across * data.side}px auto`;
    picture.style.backgroundPosition = `${-left / 2}px ${-top / 2}px`;
    box.append(picture);
  }
  return box;
}

function select(position) {
  const item = state.shown[position];
  state.current = item ? item.number : -1;
  const page = Math.floor(Math.max(position, 0) / PAGE);
  if (item && page !== state.page) {
    state.page = page;
    draw();
  }
  for (const button of $("files").querySelectorAll("button")) {
    const isCurrent = Number(button.dataset.number) === state.current;
    button.setAttribute("aria-current", String(isCurrent));
    if (isCurrent) button.scrollIntoView({ block: "nearest" });
  }
  show(item);
}

function show(item) {
  for (const name of ["accept", "reject", "previous", "next"]) $(name).disabled = !item;
  $("name").firstElementChild.textContent = item ? item.label : "no file";
  const known = item && item.c !== undefined;
  $("facts").textContent = !item ? "" : [known && `${Math.round(item.c * 100)} % sure`, item.p && `${item.p} page${item.p > 1 ? "s" : ""}`,
    `${item.s.toFixed(2)} s`, `folder ${data.roots[item.r].path}`].filter(Boolean).join(" · ");
  $("reasons").replaceChildren(...(item ? reasonsOf(item) : []));
  mark(item);
  if (!item || item.e) return viewer.show("", "", item ? "There is no result." : "");
  const [before, after, half] = item.v || [];
  const note = item.p > (item.h ? 2 : 1) ? `The first of ${item.p} pages is shown.` : "";
  viewer.show(before ? data.pictures + before : data.roots[item.r].url + item.u,
    after ? data.pictures + after : data.outputs + item.o, note,
    half ? data.pictures + half : item.h && data.outputs + item.h, item.m);
  $("before").alt = `${item.label} before`;
  $("after").alt = `${item.label} after`;
  $("half").alt = `${item.label} after, second half`;
}

function reasonsOf(item) {
  return [...(item.e ? [made("li", item.e, "error")] : []),
    ...(item.k || []).map((number) => made("li", data.reasons[number])), ...(item.w || []).map((text) => made("li", text))];
}

function mark(item) {
  const verdict = item && state.verdicts[item.key];
  $("accept").setAttribute("aria-pressed", String(verdict === "accepted"));
  $("reject").setAttribute("aria-pressed", String(verdict === "rejected"));
  const found = items.map((one) => state.verdicts[one.key]);
  for (const name of ["accepted", "rejected"]) $(name).textContent = found.filter((one) => one === name).length;
  const count = Number($("rejected").textContent);
  $("again").textContent = count > 1 ? `Do the ${count} rejected files again` : "Do rejected files again";
  $("export").disabled = !count;
}

function judge(verdict) {
  const item = items[state.current];
  if (!item) return;
  if (state.verdicts[item.key] === verdict) delete state.verdicts[item.key];
  else state.verdicts[item.key] = verdict;
  remember();
  mark(item);
  const old = $("files").querySelector(`button[data-number="${item.number}"]`);
  if (old) old.replaceWith(row(item).firstElementChild);
  $("said").textContent = `${item.label}: ${state.verdicts[item.key] || "no verdict"}`;
}

function move(step) {
  const position = state.shown.findIndex((item) => item.number === state.current) + step;
  if (position >= 0 && position < state.shown.length) select(position);
}

function dress(theme) {
  document.documentElement.dataset.theme = theme;
  $("theme").textContent = theme === "dark" ? "Light" : "Dark";
}

const KEYS = {
  j: () => move(1), k: () => move(-1), a: () => judge("accepted"), r: () => judge("rejected"), b: () => viewer.toggle(),
  "/": () => $("search").focus(), "+": () => viewer.scale(2), "-": () => viewer.scale(1 / 2), 0: () => viewer.set(0),
  1: () => viewer.set(1),
};

function listen() {
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("select, input:not([type=range])");
    if (event.key === "Escape" && isTyping) event.target.blur();
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  for (const [id, act] of Object.entries({
    next: KEYS.j, previous: KEYS.k, accept: KEYS.a, reject: KEYS.r, export: save,
    earlier: () => { state.page -= 1; draw(); }, later: () => { state.page += 1; draw(); },
    theme: () => dress(document.documentElement.dataset.theme === "dark" ? "light" : "dark"),
  })) $(id).addEventListener("click", act);
  for (const id of ["show", "folder", "order"]) $(id).addEventListener("change", choose);
  $("search").addEventListener("input", choose);
  $("filters").addEventListener("submit", (event) => event.preventDefault());
}

function options(id, pairs) {
  $(id).replaceChildren(...pairs.map(([value, text]) => Object.assign(made("option", text), { value })));
}

recall();
options("show", Object.keys(SHOWS).map((name) => [name, name]));
options("folder", [["*", "all folders"], ...[...new Set(items.map((item) => item.folder))].map((name) => [`/${name}`, name || "top folder"])]);
dress(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
offer();
viewer.start();
listen();
choose();
