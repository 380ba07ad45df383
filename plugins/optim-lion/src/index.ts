export { lion } from "./lion.ts";
