import "./page.css";
import { Card } from "./card.ts";

const device = document.querySelector("#device")!;
device.textContent = crossOriginIsolated
  ? "This page is cross-origin isolated: WebAssembly may use threads."
  : "This page is not cross-origin isolated: WebAssembly runs on one thread.";
for (const root of document.querySelectorAll<HTMLElement>("main section"))
  new Card(
    root,
    (name) =>
      (device.textContent = `Running on ${name}${crossOriginIsolated ? "" : "; isolated, it would use threads"}.`),
  );
