// The data, the words, and elements. Text from the data is only ever put in as text.
const { data: DATA, words: WORDS } = JSON.parse(document.getElementById("payload").textContent);
const QUANTILE = DATA.normal_quantile;
const CONFIDENCE = DATA.confidence;
const ALPHA = 1 - CONFIDENCE;

function say(key, fields = {}) {
  return WORDS[key].replace(/\{(\w+)\}/g, (whole, name) => (name in fields ? String(fields[name]) : whole));
}
function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}
function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}
function replaceWith(node, ...children) {
  node.replaceChildren(...children.flat(3).filter((child) => child !== null && child !== ""));
}
const ICONS = {
  pass: "M5 10.5l3.2 3.2L15 6.8",
  fail: "M6 6l8 8M14 6l-8 8",
  warn: "M10 4.6v6.6M10 14.4v.4",
  insufficient: "M7.4 7.6a2.7 2.7 0 1 1 3.9 2.5c-.9.5-1.3 1-1.3 1.9M10 14.9v.3",
  not_applicable: "M6 10h8",
  none: "M6 10h8",
};
function icon(status) {
  const shape = status === "warn"
    ? svg("path", { d: "M10 .9 19.4 18H.6z", class: "shape" })
    : svg("circle", { cx: 10, cy: 10, r: 9.4, class: "shape" });
  const mark = svg("path", { d: ICONS[status], class: "mark" });
  return svg("svg", { class: `icon ${status}`, viewBox: "0 0 20 20", "aria-hidden": "true" }, shape, mark);
}
function badge(status, text) {
  return el("span", { class: `badge ${status}` }, icon(status), text || say(`status.${status}`));
}
function section(key, ...children) {
  const id = key;
  return el("section", { id, "aria-labelledby": `${id}-title` }, el("h2", { id: `${id}-title` }, say(`section.${key}`)), ...children);
}
function choice(label, options, chosen, onchange, id) {
  const select = el("select", { id, onchange: (event) => onchange(event.target.value) });
  for (const option of options) {
    if (option.group) {
      select.append(el("optgroup", { label: option.group }, option.options.map((one) => makeOption(one, chosen))));
    } else select.append(makeOption(option, chosen));
  }
  return el("div", { class: "field" }, el("label", { for: id }, label), select);
}
function makeOption({ value, text }, chosen) {
  return el("option", { value, selected: String(value) === String(chosen) }, text);
}
