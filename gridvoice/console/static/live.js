// Keeps the page as it is on the server: fetches it again and swaps the regions that changed.
// Without this file every page still works; it is only a picture of the moment it was asked for.
"use strict";
(() => {
  const EVERY_MS = 2000;
  const SLOWEST_MS = 30000;
  const state = document.getElementById("live-state");
  const news = document.getElementById("news");
  let etag = null;
  let failures = 0;

  const show = (name, text) => {
    state.dataset.state = name;
    state.querySelector(".live-text").textContent = text;
  };

  const clock = () => new Date().toLocaleTimeString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });

  // A region in which somebody types or selects is left alone until they are done.
  const inUse = (region) => {
    const typed = [...region.querySelectorAll("input, textarea")]
      .some((f) => f === document.activeElement || f.value !== f.defaultValue);
    const chosen = getSelection();
    return typed || (!chosen.isCollapsed && region.contains(chosen.anchorNode));
  };

  // The page keeps what the person was doing: focus and opened folds survive a swap.
  const swap = (old, fresh) => {
    const focus = old.contains(document.activeElement) ? document.activeElement.id : "";
    const open = [...old.querySelectorAll("details[id][open]")].map((d) => d.id);
    const known = new Set([...old.querySelectorAll("[data-number]")].map((c) => c.dataset.number));
    for (const id of open) fresh.querySelector("#" + CSS.escape(id))?.setAttribute("open", "");
    const arrived = [...fresh.querySelectorAll("#open-cards [data-number]")]
      .filter((c) => !known.has(c.dataset.number));
    for (const card of arrived) card.classList.add("arrived");
    if (arrived.length) news.textContent = "新事件：" + arrived.map((c) => c.dataset.title).join("；");
    old.replaceWith(fresh);
    if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
  };

  const same = (a, b) => a.outerHTML.replaceAll(" arrived", "").replaceAll(' open=""', "") ===
    b.outerHTML.replaceAll(' open=""', "");

  const refresh = async () => {
    const headers = etag ? { "If-None-Match": etag } : {};
    const answer = await fetch(location.href, { headers, signal: AbortSignal.timeout(10000) });
    if (answer.status === 304) return;
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    let waits = false;
    for (const fresh of page.querySelectorAll("[data-live][id]")) {
      const old = document.getElementById(fresh.id);
      if (!old || same(old, fresh)) continue;
      if (inUse(old)) waits = true;
      else swap(old, fresh);
    }
    document.title = page.title;
    etag = waits ? null : answer.headers.get("ETag");
  };

  const turn = async () => {
    if (!document.hidden) {
      try {
        await refresh();
        failures = 0;
        show("live", "实时 " + clock());
      } catch {
        failures += 1;
        show("lost", "连接中断，正在重试；所示为先前内容");
      }
    }
    setTimeout(turn, Math.min(EVERY_MS * 2 ** Math.min(failures, 5), SLOWEST_MS));
  };

  if (document.querySelector("[data-live]")) setTimeout(turn, EVERY_MS);
})();
