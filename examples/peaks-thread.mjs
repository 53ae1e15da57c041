// What runs in the worker threads of examples/peaks.mjs, once for each frame.

export default function peak(frame) {
  const samples = frame.array(Int16Array);
  let at = 0;
  for (let i = 1; i < samples.length; i++) if (samples[i] > samples[at]) at = i;
  return Float64Array.of(at, samples[at] ?? NaN); // goes on with the metadata of the frame
}
