// Keeps the page as it is on the server: fetches it again and swaps the regions that changed.
// Without this file every page still works; it is only a picture of the moment it was asked for.
"use strict";
(() => {
  const EVERY_MS = 2000, SLOWEST_MS = 30000;
  const state = document.getElementById("live-state");
  let etag = null, failures = 0, timer = 0;

  const show = (name, text) => {
    state.dataset.state = name;
    state.querySelector(".live-text").textContent =
      text + (state.dataset.trouble && name === "live" ? " · 系统有异常" : "");
  };
  // A region in which somebody types or selects is left alone until they are done.
  const inUse = (region) => {
    const typed = [...region.querySelectorAll("input, textarea")]
      .some((f) => f === document.activeElement || f.value !== f.defaultValue);
    const chosen = getSelection();
    return typed || (!chosen.isCollapsed && region.contains(chosen.anchorNode));
  };

  // The page keeps what the person was doing: focus, opened folds and scrolled lists survive.
  const swap = (old, fresh) => {
    const focus = old.contains(document.activeElement) ? document.activeElement.id : "";
    const scrolled = [...old.querySelectorAll("ul")].map((list) => list.scrollLeft);
    for (const fold of old.querySelectorAll("details[id][open]")) {
      fresh.querySelector("#" + CSS.escape(fold.id))?.setAttribute("open", "");
    }
    const arrived = [...fresh.querySelectorAll("#open-cards [data-number]")]
      .filter((card) => !document.getElementById(card.id));
    for (const card of arrived) card.classList.add("arrived");
    const titles = arrived.map((c) => c.dataset.title).join("；");
    if (titles) document.getElementById("news").textContent = "新事件：" + titles;
    old.replaceWith(fresh);
    fresh.querySelectorAll("ul").forEach((list, n) => { list.scrollLeft = scrolled[n] ?? 0; });
    if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
  };

  const bare = (region) => region.outerHTML.replaceAll(" arrived", "").replaceAll(' open=""', "");

  const refresh = async () => {
    const answer = await fetch(location.href, {
      headers: etag ? { "If-None-Match": etag } : {}, signal: AbortSignal.timeout(10000) });
    if (answer.status === 304) return;
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    state.dataset.trouble = page.getElementById("live-state")?.dataset.trouble ?? "";
    let waits = false;
    for (const fresh of page.querySelectorAll("[data-live][id]")) {
      const old = document.getElementById(fresh.id);
      if (!old || bare(old) === bare(fresh)) continue;
      if (inUse(old)) waits = true;
      else swap(old, fresh);
    }
    etag = waits ? null : answer.headers.get("ETag");
  };

  const turn = async () => {
    clearTimeout(timer);
    timer = Infinity; // under way
    if (!document.hidden) {
      try {
        await refresh();
        failures = 0;
        const zone = { hour12: false, timeZone: state.dataset.zone };
        show("live", "实时 " + new Date().toLocaleTimeString("zh-CN", zone));
      } catch {
        failures += 1;
        show("lost", "连接中断，正在重试；所示为先前内容");
      }
    }
    timer = setTimeout(turn, Math.min(EVERY_MS * 2 ** failures, SLOWEST_MS));
  };

  if (document.querySelector("[data-live]")) {
    timer = setTimeout(turn, EVERY_MS);
    const soon = () => document.hidden || timer === Infinity || turn();
    addEventListener("online", soon);
    document.addEventListener("visibilitychange", soon);
  }
})();
