import { h, type ComponentChildren } from "preact";

/** A label with an input. */
export function field(
  label: string,
  attributes: Readonly<Record<string, string | number | boolean>>,
  change: (input: HTMLInputElement) => void,
  kind = "",
): ComponentChildren {
  const onInput = ({ currentTarget }: { readonly currentTarget: HTMLInputElement }) => change(currentTarget);
  const input = h("input", { ...attributes, onInput });
  return h("label", { class: kind }, attributes["type"] === "checkbox" ? [input, label] : [label, input]);
}

/** A label with a list, one of which is chosen. */
export function choice(
  label: string,
  value: string,
  names: readonly string[],
  change: (name: string) => void,
  show: (name: string) => string = (name) => name,
): ComponentChildren {
  const onChange = ({ currentTarget }: { readonly currentTarget: HTMLSelectElement }) =>
    change(names[currentTarget.selectedIndex]!);
  const options = names.map((name) => h("option", { value: name, selected: name === value }, show(name)));
  return h("label", {}, label, h("select", { value, onChange }, options));
}
