/** The style of the page of `ansatz watch`, besides the theme that it shares with reports. */
export const pageStyle = `
body {
  margin: 0; height: 100vh; display: grid; grid: auto 1fr / 25rem 1fr; font-size: 14px;
  grid-template-areas: "header header" "list main";
}
header {
  grid-area: header; display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: baseline; padding: 0.5rem 1rem;
  border-bottom: 1px solid var(--line);
}
h1 { font-size: 1.1rem; }
h2 { font-size: 0.95rem; margin: 0 0 0.4rem; }
nav { display: flex; flex-wrap: wrap; gap: 0.25rem; }
button, select, textarea, input {
  font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 4px;
  padding: 0.1rem 0.5rem; max-width: 100%;
}
button { cursor: pointer; }
button:hover { background: var(--wash); }
button[aria-selected="true"] { background: var(--ink); color: var(--paper); border-color: var(--ink); }
button.bad { color: var(--bad); }
button.plain { background: none; border: none; padding: 0; text-align: inherit; overflow-wrap: anywhere; }
button.plain:hover { text-decoration: underline; }
input[type="search"] { background: var(--wash); flex: 1; min-width: 6rem; }
input[type="range"] { padding: 0; flex: 1; }
aside { grid-area: list; border-right: 1px solid var(--line); padding: 0.6rem; overflow: auto; }
main { grid-area: main; overflow: auto; padding: 0.6rem 1rem 2rem; min-width: 0; }
main.whole { grid-column: 1 / -1; }
.tools { display: flex; flex-wrap: wrap; gap: 0.3rem 0.8rem; align-items: center; margin-bottom: 0.5rem; }
.tools label { display: flex; gap: 0.4rem; align-items: center; min-width: 0; }
.tools select { min-width: 0; }
.tools .long { flex: 1; max-width: 36rem; }
.runs { min-width: 100%; }
.runs th, .runs td { padding: 0.15rem 0.7rem 0.15rem 0; }
.runs th, .runs .number, .runs .state, .runs .faint, .whole td, .runs .mark { white-space: nowrap; }
.runs .name { overflow-wrap: break-word; }
.runs .mark { width: 1%; }
.runs .mark input { vertical-align: middle; margin: 0; }
.tag {
  background: var(--wash); border: 1px solid var(--line); border-radius: 4px; padding: 0 0.3rem; margin-left: 0.3rem;
  font-size: 0.85em;
}
.swatch {
  display: inline-block; vertical-align: middle; width: 0.7rem; height: 0.7rem; border-radius: 50%; margin: 0 0.3rem;
  border: 1px solid var(--line);
}
.state { color: var(--faint); }
.state.running { color: var(--good); }
.state.failed { color: var(--bad); }
.state.interrupted { color: var(--warn); }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr)); gap: 1rem; }
.plot { height: 240px; }
.u-over canvas { width: 100%; height: 100%; pointer-events: none; }
figcaption { display: flex; gap: 0.8rem; padding: 0 0.5rem; }
figcaption b { color: var(--ink); }
.readout { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; margin-left: auto; }
.columns {
  display: grid; gap: 1.5rem; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr));
}
.histograms { width: 100%; max-width: 36rem; }
dialog {
  background: var(--paper); color: var(--ink); border: 1px solid var(--line); border-radius: 6px;
  width: min(32rem, 94vw);
}
dialog::backdrop { background: rgb(0 0 0 / 45%); }
dialog label { display: flex; flex-direction: column; margin: 0.6rem 0; }
@media (max-width: 50rem) {
  body { height: auto; grid: auto auto auto / minmax(0, 1fr); grid-template-areas: "header" "list" "main"; }
  aside { border-right: none; border-bottom: 1px solid var(--line); max-height: 45vh; }
}
`;
