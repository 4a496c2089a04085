// What does rejected files again: the list of them, and the command that takes it.

const isWindows = /^Win/.test(navigator.platform);

function between(folder) {
  return folder.includes("/") ? "/" : "\\";
}

function line(item) {
  const { path } = data.roots[item.r], sep = between(path);
  const whole = (path.endsWith(sep) ? path : path + sep) + item.n;
  // What one line cannot hold as it is stands there as a JSON string, which --from-list understands.
  return /^["\s]|[\r\n\p{Cs}]|\s$/u.test(whole) ? JSON.stringify(whole) : whole;
}

function save() {
  const lines = items.filter((item) => state.verdicts[item.key] === "rejected").map((item) => `${line(item)}\n`);
  const link = made("a");
  link.href = URL.createObjectURL(new Blob(lines, { type: "text/plain;charset=utf-8" }));
  link.download = "rejected.txt";
  link.click();
  URL.revokeObjectURL(link.href);
}

const SHELLS = {
  // Control characters and bytes that are no UTF-8 are there in $'...' only.
  "bash, zsh": (path) => {
    if (/^[\w@%+=:,./-]+$/.test(path)) return path;
    if (!/[\x00-\x1f\x7f\p{Cs}]/u.test(path)) return `'${path.replaceAll("'", "'\\''")}'`;
    const byte = (char) => `\\x${(char.charCodeAt(0) & 0xff).toString(16).padStart(2, "0")}`;
    return `$'${path.replace(/[\\']/g, "\\$&").replace(/[\x00-\x1f\x7f\p{Cs}]/gu, byte)}'`;
  },
  PowerShell: (path) => `'${path.replaceAll("'", "''")}'`,
  // A backslash before the closing quote would be taken for a quote of the path's own.
  cmd: (path) => `"${path.replace(/\\$/, "\\\\")}"`,
};

function usual() {
  return Object.keys(SHELLS)[isWindows ? 1 : 0];
}

function command() {
  const { command, words, look } = data.again;
  const quoted = (word) => (/^--[\w=.:-]+$/.test(word) ? word : SHELLS[$("shell").value](word));
  const options = [...words, ...(look ? [`--${look}=${$("look").value}`] : [])];
  $("command").value = `bgtool ${command} --from-list rejected.txt -o ${[data.folder, ...options].map(quoted).join(" ")}`;
}

function copy() {
  $("command").select();
  document.execCommand("copy"); // what a page from the disk may use in every browser
}

function offer() {
  const { look, looks } = data.again;
  options("shell", Object.keys(SHELLS).map((name) => [name, name]));
  options("look", looks.map((word) => [word, word]));
  $("looks").hidden = !look;
  $("option").textContent = look && look[0].toUpperCase() + look.slice(1);
  $("shell").value = usual();
  command();
  for (const id of ["shell", "look"]) $(id).addEventListener("change", command);
  $("command").addEventListener("focus", () => $("command").select());
  $("copy").addEventListener("click", copy);
}
