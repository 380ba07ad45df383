/** A problem, the tour that a network says, and the one to compare it with. Points are x₀, y₀, x₁, y₁, …. */
export interface Drawn {
  readonly points: ArrayLike<number>;
  readonly said: readonly number[];
  readonly wanted: readonly number[];
}

const [side, gap] = [220, 20];

/** Tours side by side as SVG: what the network says in red, over the tour to compare it with in grey. */
export function pictureOf(tours: readonly Drawn[]): string {
  const width = tours.length * (side + gap) + gap;
  const parts = tours.map(({ points, said, wanted }, i) => {
    const at = (place: number, axis: 0 | 1) => {
      const value = points[2 * place + axis]!;
      return (side * (axis === 0 ? value : 1 - value)).toFixed(1);
    };
    const line = (tour: readonly number[], style: string) =>
      `<polygon points="${tour.map((place) => `${at(place, 0)},${at(place, 1)}`).join(" ")}" fill="none" ${style}/>`;
    const dots = said.map((place) => `<circle cx="${at(place, 0)}" cy="${at(place, 1)}" r="3"/>`);
    return [
      `<g transform="translate(${gap + i * (side + gap)} ${gap})">`,
      line(wanted, 'stroke="#bbb" stroke-width="6" stroke-linejoin="round"'),
      line(said, 'stroke="#c2452d" stroke-width="1.5"'),
      ...dots,
      "</g>",
    ].join("\n");
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${side + 2 * gap}">`,
    '<rect width="100%" height="100%" fill="white"/>',
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}
