/**
 * One tooltip, for whatever has a `title`. A webview's own stays in sight when what it belongs to was clicked or is gone, because
 * it looks again only when the mouse moves.
 */
import classes from "./tooltips.module.css";

/** So many milliseconds the mouse rests before a tooltip comes. */
const DELAY = 400;
/** The class of the tooltip, for the tests. */
export const TOOLTIP = classes.tooltip ?? "tooltip";

/** Shows tooltips from now on; the answer ends that. */
export function showTooltips(): () => void {
  const box = document.createElement("div");
  box.className = TOOLTIP;
  box.setAttribute("role", "tooltip");
  let target: HTMLElement | undefined;
  let text = "";
  /** It was clicked: it is known, until the mouse was elsewhere. */
  let known: Element | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  // The title is taken off meanwhile, or the webview shows it too.
  function take(element: HTMLElement) {
    text = element.title;
    element.removeAttribute("title");
  }
  const changes = new MutationObserver(() => {
    if (!target?.isConnected) {
      leave();
    } else if (target.hasAttribute("title")) {
      take(target);
      if (box.isConnected) place(target);
    }
  });
  function leave() {
    clearTimeout(timer);
    changes.disconnect();
    box.remove();
    if (target && !target.hasAttribute("title")) target.title = text;
    target = undefined;
  }
  function place(element: HTMLElement) {
    box.textContent = text;
    document.body.append(box);
    const { left, top, bottom } = element.getBoundingClientRect();
    const { width, height } = box.getBoundingClientRect();
    const below = bottom + height < window.innerHeight;
    box.style.left = `${Math.max(0, Math.min(left, window.innerWidth - width))}px`;
    box.style.top = `${below ? bottom : Math.max(0, top - height)}px`;
  }
  function over({ target: at }: Event) {
    if (!(at instanceof Element)) return;
    const titled = at.closest<HTMLElement>("[title]");
    if (target?.contains(at) && !(titled && target.contains(titled))) return;
    leave();
    if (titled !== known) known = undefined;
    if (!titled || titled === known || titled.title === "") return;
    target = titled;
    take(titled);
    changes.observe(document.body, { childList: true, subtree: true, attributeFilter: ["title"] });
    timer = setTimeout(() => target && place(target), DELAY);
  }
  function used() {
    known = target;
    leave();
  }

  const listeners: [string, (event: Event) => void][] = [
    ["pointerover", over],
    ["pointerdown", used],
    ["keydown", used],
    ["wheel", used],
  ];
  const options = { capture: true, passive: true };
  for (const [name, listener] of listeners) document.addEventListener(name, listener, options);
  document.documentElement.addEventListener("pointerleave", leave);
  return () => {
    leave();
    document.documentElement.removeEventListener("pointerleave", leave);
    for (const [name, listener] of listeners) document.removeEventListener(name, listener, options);
  };
}
