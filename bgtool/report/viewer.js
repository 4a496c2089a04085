"use strict";
// Shows one file before and after: a slider between the two, or both side by side, from fit to single pixels.

const $ = (id) => document.getElementById(id);

const viewer = {
  zoom: 0, // screen pixels a pixel; 0 fits the stage
  beside: false,

  start() {
    for (const name of ["before", "after", "half"]) {
      $(name).addEventListener("load", () => this.lay());
      $(name).addEventListener("error", () => this.fail(name));
    }
    $("slider").addEventListener("input", () => this.cut());
    $("smaller").addEventListener("click", () => this.scale(1 / 2));
    $("larger").addEventListener("click", () => this.scale(2));
    $("fit").addEventListener("click", () => this.set(0));
    $("pixels").addEventListener("click", () => this.set(1));
    $("beside").addEventListener("click", () => this.toggle());
    $("stage").addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.scale(event.deltaY < 0 ? 2 : 1 / 2, event);
    }, { passive: false });
    this.drag();
    new ResizeObserver(() => this.lay()).observe($("stage"));
  },

  // half: the second one of a double page, beside the first; mirrored: left of it.
  show(before, after, note, half, mirrored) {
    this.failed = new Set();
    this.note = note;
    $("trouble").textContent = note;
    $("stage").scrollTo(0, 0);
    $("pair").classList.toggle("mirrored", Boolean(mirrored));
    for (const [name, address] of [["before", before], ["after", after], ["half", half]]) {
      $(name).hidden = !address;
      if (address) $(name).src = address;
      else $(name).removeAttribute("src");
    }
    this.lay();
  },

  fail(name) {
    this.failed.add(name);
    $(name).hidden = true;
    const which = { before: "the file before", after: "the result", half: "the second half" }[name];
    $("trouble").textContent = `${this.note} This browser cannot show ${which}, or it is not where it was.`.trim();
    this.lay();
  },

  size() {
    const image = [$("after"), $("before")].find((one) => !one.hidden && one.naturalWidth);
    if (!image) return null;
    const second = image.id === "after" && !$("half").hidden ? $("half") : null;
    return [image.naturalWidth + (second ? second.naturalWidth : 0), image.naturalHeight];
  },

  isAlike() {
    const [a, b] = [$("before"), $("after")];
    if (!$("half").hidden) return false;
    if (a.hidden || b.hidden || !a.naturalWidth || !b.naturalWidth) return true;
    return Math.abs(Math.log((a.naturalWidth / a.naturalHeight) / (b.naturalWidth / b.naturalHeight))) < 0.02;
  },

  fitting() {
    const [width, height] = this.size();
    const across = $("stage").clientWidth / (this.side ? 2 : 1);
    return Math.min(across / width, ($("stage").clientHeight - 2) / height);
  },

  lay() {
    const size = this.size();
    $("pair").hidden = !size;
    if (!size) return;
    this.side = this.beside || !this.isAlike();
    const zoom = this.zoom || this.fitting();
    const pair = $("pair");
    pair.classList.toggle("beside", this.side);
    pair.classList.toggle("halves", !$("half").hidden);
    pair.classList.toggle("coarse", zoom >= 2);
    pair.style.width = `${size[0] * zoom * (this.side ? 2 : 1) + (this.side ? 6 : 0)}px`;
    pair.style.height = this.side ? "auto" : `${size[1] * zoom}px`;
    $("stage").classList.toggle("wide", Boolean(this.zoom));
    $("zoom").value = this.zoom ? `${Math.round(this.zoom * 100)} %` : "fit";
    $("slider").disabled = this.side;
    this.cut();
  },

  cut() {
    const share = Number($("slider").value);
    const both = !this.side && !$("before").hidden && !$("after").hidden;
    $("after").style.clipPath = both ? `inset(0 0 0 ${share}%)` : "none";
    $("line").style.left = `${share}%`;
    $("line").hidden = !both;
  },

  set(zoom, at) {
    const stage = $("stage");
    const box = stage.getBoundingClientRect();
    const x = at ? at.clientX - box.left : stage.clientWidth / 2;
    const y = at ? at.clientY - box.top : stage.clientHeight / 2;
    const across = (stage.scrollLeft + x) / stage.scrollWidth, down = (stage.scrollTop + y) / stage.scrollHeight;
    this.zoom = zoom;
    this.lay();
    stage.scrollTo(across * stage.scrollWidth - x, down * stage.scrollHeight - y);
  },

  scale(times, at) {
    if (!this.size()) return;
    const now = (this.zoom || this.fitting()) * times;
    this.set(Math.min(16, Math.max(1 / 32, now)), at);
  },

  toggle() {
    this.beside = !this.beside;
    $("beside").setAttribute("aria-pressed", String(this.beside));
    this.lay();
  },

  drag() {
    const stage = $("stage");
    let from = null;
    stage.addEventListener("pointerdown", (event) => {
      if (event.button || event.pointerType === "touch") return;
      const onLine = Math.abs(event.clientX - $("line").getBoundingClientRect().left) < 12 && !$("line").hidden;
      from = { x: event.clientX, y: event.clientY, left: stage.scrollLeft, top: stage.scrollTop, onLine };
      stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointermove", (event) => {
      if (!from) return;
      if (from.onLine || !this.zoom) {
        const box = $("pair").getBoundingClientRect();
        $("slider").value = (100 * (event.clientX - box.left)) / box.width;
        this.cut();
      } else {
        stage.scrollTo(from.left + from.x - event.clientX, from.top + from.y - event.clientY);
      }
    });
    for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => { from = null; });
  },
};
