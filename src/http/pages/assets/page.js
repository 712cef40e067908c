// Progress, counts and shortcuts. Every page works without it.
(() => {
  "use strict";

  const panel = document.getElementById("progress");
  const phases = JSON.parse(panel?.dataset.phases ?? "{}");
  const phase = panel?.querySelector("[data-phase]");
  const bar = panel?.querySelector("progress");
  const count = panel?.querySelector("[data-count]");

  function show({ phase: name, done, total }) {
    panel.hidden = false;
    const text = phases[name] ?? "Working";
    // Set only when it changes, or a screen reader would read it again and again.
    if (phase.textContent !== text) phase.textContent = text;
    if (total > 0) {
      bar.max = total;
      bar.value = done;
    } else {
      bar.removeAttribute("value");
    }
    count.textContent = total > 1 ? `${done} of ${total}` : "";
  }

  // The page has the result as well as the failure: load it again, from its top.
  const reread = () => location.replace("/sync");

  async function run(form, submitter) {
    const buttons = document.querySelectorAll("form[data-stream] button");
    buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
    panel.hidden = false;
    phase.textContent = "Connecting to Jellyfin";
    bar.removeAttribute("value");
    count.textContent = "";
    panel.scrollIntoView({ block: "center" });
    const body = new URLSearchParams(new FormData(form, submitter));
    const answer = await fetch(form.action, { method: "POST", headers: { Accept: "text/event-stream" }, body });
    if (!answer.ok || !answer.headers.get("content-type")?.startsWith("text/event-stream")) return reread();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return reread();
      text += value;
      const events = text.split("\n\n");
      text = events.pop();
      for (const event of events) {
        const field = (name) => event.split("\n").find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1).trim();
        if (field("event") === "progress") show(JSON.parse(field("data")));
      }
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const { submitter } = event;
    if (submitter?.getAttribute("aria-disabled") === "true") return event.preventDefault();
    if (form.matches("[data-stream]") && !submitter?.hasAttribute("formaction")) {
      event.preventDefault();
      run(form, submitter).catch(reread);
    } else if (form.matches("[data-busy]")) {
      submitter?.setAttribute("aria-disabled", "true");
      form.setAttribute("aria-busy", "true");
    }
  });

  // Follow a run that began before this page was loaded.
  if (panel?.hasAttribute("data-follow")) {
    const source = new EventSource("/sync/progress");
    source.addEventListener("progress", (event) => show(JSON.parse(event.data)));
    source.addEventListener("done", () => {
      source.close();
      reread();
    });
  }

  const chosen = document.querySelector("[data-chosen]");
  if (chosen) {
    const boxes = [...document.querySelectorAll('input[name="add"]')];
    const before = boxes.filter((box) => box.checked).length;
    const planned = Number.parseInt(chosen.textContent.replace(/\D/g, ""), 10) || 0;
    const tell = () => {
      const now = planned - before + boxes.filter((box) => box.checked).length;
      chosen.textContent = `${now} to add`;
    };
    document.addEventListener("change", (event) => event.target.name === "add" && tell());
    document.querySelectorAll("[data-all]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => {
        const own = [...button.closest("details").querySelectorAll('input[name="add"]')];
        const tick = !own.every((box) => box.checked);
        own.forEach((box) => (box.checked = tick));
        tell();
      });
    });
  }

  document.querySelectorAll("[data-zone]").forEach((button) => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const input = document.getElementById(button.dataset.zone);
    if (!zone || input.value === zone) return;
    button.hidden = false;
    button.querySelector("span").textContent = zone;
    button.addEventListener("click", () => {
      input.value = zone;
      input.focus();
    });
  });

  document.querySelectorAll("form[data-auto] select").forEach((select) => {
    select.addEventListener("change", () => select.form.requestSubmit());
  });

  // A poster that can't be loaded leaves its placeholder.
  document.addEventListener("error", (event) => event.target.matches?.(".poster img") && event.target.remove(), true);

  document.querySelector("[data-focus]")?.focus();
})();
