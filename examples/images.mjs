// Images from a camera, as they come: for each the mean and the brightest pixel.
//
//   node examples/images.mjs [HOST] [PORT] [COLUMNS] [HEADER_BYTES] [IMAGES]
//
// Each frame is a header, and rows of COLUMNS pixels of 16 bits.

import { DataReceiver, TcpClient } from 'rogue-bridge';

const [host = '127.0.0.1', ...numbers] = process.argv.slice(2);
const [port = 8000, columns = 192, offset = 32, images = 100] = numbers.map(Number);
const tcp = await TcpClient.create(host, port);

// Add { channel: 1 } if only one channel is a camera. image.data is the last image at any time.
const image = tcp.to(new DataReceiver({ type: Uint16Array, offset }));
image.on('update', (pixels) => {
  if (image.frameCount > images) return;
  let [sum, brightest] = [0, 0];
  for (let i = 0; i < pixels.length; i++) {
    sum += pixels[i];
    if (pixels[i] > pixels[brightest]) brightest = i;
  }
  const [row, column] = [Math.floor(brightest / columns), brightest % columns];
  const rows = pixels.length / columns;
  console.log(
    `image ${image.frameCount}: ${rows} x ${columns}, mean ${(sum / pixels.length).toFixed(1)}, ` +
      `brightest ${pixels[brightest]} at row ${row}, column ${column}`,
  );
});

await image.waitFrameCount(images);
await tcp.stop();
console.log(`${image.errorCount} frames were no images`);
