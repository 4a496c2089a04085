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

function command(shell) {
  $("command").value = `bgtool ${data.command} --from-list rejected.txt -o ${SHELLS[shell](data.folder)}`;
}
