/** What an element may contain. A string is text, never HTML. */
export type Child = Node | string | undefined | false;

/**
 * Makes an element. Everything from a run's files reaches the page through this function: as text, or as an attribute
 * that cannot run code.
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

/** Adds an event listener to an element and returns the element. */
export function onEvent<E extends HTMLElement>(
  made: E,
  event: keyof HTMLElementEventMap,
  action: (made: E) => void,
): E {
  made.addEventListener(event, () => action(made));
  return made;
}
