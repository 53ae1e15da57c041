// The 2D canvas, where a browser has no WebGL2.

import { colorTable } from './color-maps';
import { rawLevels, type Painter, type Scene } from './image';

const GRAY = 128;

export class CanvasPainter implements Painter {
  readonly kind = 'canvas';
  private readonly context: CanvasRenderingContext2D | null;
  private readonly small = document.createElement('canvas');

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.context = canvas.getContext('2d');
  }

  paint(scene: Scene): void {
    const { context, canvas, small } = this;
    const { pixels, geometry, ratio } = scene;
    const inner = small.getContext('2d');
    if (context === null || inner === null) return;
    small.width = pixels.columns;
    small.height = pixels.rows;
    inner.putImageData(this.colored(scene), 0, 0);
    const side = geometry.scale * ratio;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = false;
    context.drawImage(
      small,
      (pixels.column - geometry.column) * side,
      (pixels.row - geometry.row) * side,
      pixels.columns * pixels.step * side,
      pixels.rows * pixels.step * side,
    );
  }

  destroy(): void {
    this.small.width = 0;
  }

  private colored(scene: Scene): ImageData {
    const { columns, rows, numbers, none } = scene.pixels;
    const table = colorTable(scene.map);
    const [low, perUnit] = rawLevels(scene);
    const image = new ImageData(columns, rows);
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] ?? 0;
      const share = Math.max(0, Math.min(1, (number - low) * perUnit));
      const from = 4 * Math.round(255 * share);
      for (let channel = 0; channel < 3; channel++) {
        image.data[4 * i + channel] = number === none ? GRAY : (table[from + channel] ?? 0);
      }
      image.data[4 * i + 3] = 255;
    }
    return image;
  }
}
