export { eigh, type Eigh } from "./eigh.ts";
export { qr, type QR } from "./qr.ts";
export { solveTriangular, type SolveTriangularOptions } from "./solve-triangular.ts";
