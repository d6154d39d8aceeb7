// Written by hand: what the page uses of uPlot.
export default class uPlot {
  constructor(options: Record<string, any>, columns: ReadonlyArray<ReadonlyArray<number | null>>, into: Element);
  static readonly paths: { stepped(options: { align: 1 | -1 }): unknown };
  readonly ctx: CanvasRenderingContext2D;
  readonly bbox: { left: number; top: number; width: number; height: number };
  valToPos(value: number, scale: string, canvas?: boolean): number;
  readonly cursor: { readonly idx?: number | null };
  setData(columns: ReadonlyArray<ReadonlyArray<number | null>>): void;
  setSize(size: { width: number; height: number }): void;
  destroy(): void;
}
