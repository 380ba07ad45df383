/** What an element may hold: texts are texts, never HTML. */
export type Child = Node | string | undefined | false;

/**
 * Makes an element. Whatever stands in a run's files reaches the page through here, as a text or as an attribute that
 * runs nothing.
 */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | number | boolean>>,
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (typeof value === "boolean") made.toggleAttribute(attribute, value);
    else made.setAttribute(attribute, value.toString());
  }
  made.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return made;
}

/** An element that does something when it is used: changed, pressed, typed into. */
export function onEvent<E extends HTMLElement>(
  made: E,
  event: keyof HTMLElementEventMap,
  action: (made: E) => void,
): E {
  made.addEventListener(event, () => action(made));
  return made;
}
