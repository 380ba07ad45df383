export { initializeBasis } from "./initialize-basis.ts";
export { soap, soapWith, type SoapOptions } from "./soap.ts";
