// Elements of the page. Texts are always texts: nothing that a test names becomes markup.

/** An element with attributes, listeners (`onclick`) and children (elements, texts, nothing). */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, '');
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

/** A choice out of `[value, text]`. */
function choice(label, options, chosen, onchange) {
  const select = element(
    'select',
    { 'aria-label': label, onchange: () => onchange(select.value) },
    options.map(([value, text]) => element('option', { value, selected: value === chosen }, text)),
  );
  return element('label', { class: 'choice' }, element('span', {}, label), select);
}

/** A section of the page, with its heading. */
function section(id, ...content) {
  return element('section', { id }, element('h2', {}, say(id)), ...content);
}

/** A colour of the theme that is on. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
