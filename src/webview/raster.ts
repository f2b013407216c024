/** Twice as many dots as CSS pixels, for screens that have them; less where the browser's canvas would be too large. */
const DENSITY = 2;
const MOST = 16_000;

/** A `data:` address of the picture as PNG. Rejects where it cannot be drawn. */
export async function pngOf(svg: string): Promise<string> {
	const image = new Image();
	image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
	await image.decode();
	const { naturalWidth: width, naturalHeight: height } = image;
	const scale = Math.min(DENSITY, MOST / Math.max(width, height, 1));
	const canvas = document.createElement('canvas');
	canvas.width = Math.round(width * scale);
	canvas.height = Math.round(height * scale);
	const context = canvas.getContext('2d');
	if (!context) throw new Error('no canvas');
	context.drawImage(image, 0, 0, canvas.width, canvas.height);
	return canvas.toDataURL('image/png');
}
