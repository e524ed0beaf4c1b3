// Finds the elements of a page by role and accessible name, as a person with a screen reader does.
// arguments: role, name (a trailing * stands for any end). Returns {found, fitting, names}: the visible
// elements that fit, their names, and the names of everything with that role, for the message of a failed search.
const [role, wanted] = arguments;

const ROLES = {
  a: (element) => element.hasAttribute("href") && "link",
  article: () => "article",
  aside: () => "complementary",
  button: () => "button",
  dialog: () => "dialog",
  h1: () => "heading",
  h2: () => "heading",
  h3: () => "heading",
  h4: () => "heading",
  input: (element) =>
    ({ button: "button", checkbox: "checkbox", radio: "radio", search: "searchbox", submit: "button" })[element.type] ??
    "textbox",
  li: () => "listitem",
  ul: () => "list",
  ol: () => "list",
  main: () => "main",
  nav: () => "navigation",
  option: () => "option",
  progress: () => "progressbar",
  section: (element) => named(element) && "region",
  select: () => "combobox",
  table: () => "table",
  td: () => "cell",
  textarea: () => "textbox",
  th: () => "columnheader",
  tr: () => "row",
};

const tidy = (text) => (text ?? "").replace(/\s+/g, " ").trim();
const named = (element) => element.hasAttribute("aria-label") || element.hasAttribute("aria-labelledby");
const roleOf = (element) => element.getAttribute("role") ?? ROLES[element.localName]?.(element);

function nameOf(element) {
  const labels = (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id));
  return (
    tidy(labels.map((label) => label?.textContent).join(" ")) ||
    tidy(element.getAttribute("aria-label")) ||
    tidy([...(element.labels ?? [])].map((label) => label.textContent).join(" ")) ||
    tidy(element.innerText) ||
    tidy(element.getAttribute("title")) ||
    tidy(element.getAttribute("placeholder"))
  );
}

const visible = (element) =>
  element.checkVisibility({ visibilityProperty: true, opacityProperty: false }) &&
  !element.closest("[aria-hidden=true], [inert]");

// Many radio buttons and checkboxes are drawn by their label, which is then what a person clicks.
const handle = (element) => (["radio", "checkbox"].includes(element.type) && element.labels[0]) || element;

const fits = wanted.endsWith("*")
  ? (name) => name.startsWith(wanted.slice(0, -1))
  : (name) => name === wanted;

const all = [...document.querySelectorAll("*")].filter((element) => roleOf(element) === role && visible(element));
const found = all.filter((element) => fits(nameOf(element)));
return { found: found.map(handle), fitting: found.map(nameOf), names: all.map(nameOf).slice(0, 80) };
