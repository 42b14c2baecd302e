using System.Globalization;
using System.Text;
using System.Xml;

namespace MiniTorch.Pictures;

/// <summary>The alignment of a text at its position.</summary>
internal enum Anchor
{
    Start,
    Middle,
    End,
}

/// <summary>
/// Writes one SVG picture that scales with its frame, has a title and a description for screen readers, follows the reader's light or dark theme, and
/// does not depend on the culture. Colours are CSS classes, so that each theme has its own.
/// </summary>
internal sealed class Svg
{
    /// <summary>The size of normal text.</summary>
    public const double FontSize = 12;

    /// <summary>The number of colours for series and classes before they repeat: s0, s1 …</summary>
    public const int Colours = 8;

    // Both palettes have a contrast of at least 3 : 1 to the background, and their lightness differs for colour-blind readers.
    private const string Style = """
        .paper{fill:#fff}.ink{fill:#1f2328}.soft{fill:#59636e}.on{fill:#fff}.axis{stroke:#59636e;fill:none}.grid{stroke:#d8dee4;fill:none}
        .heat{fill:#0550ae}.plus{fill:#b3261e}.minus{fill:#0550ae}.odd{fill:#bf8700}.strong{font-weight:600}.mark{fill:currentColor}.plot{fill:none;pointer-events:all}
        .s0{color:#0969da}.s1{color:#c4520a}.s2{color:#00755c}.s3{color:#8250df}.s4{color:#9a6700}.s5{color:#b3261e}.s6{color:#1b7c9e}.s7{color:#59636e}
        @media(prefers-color-scheme:dark){.paper{fill:#0d1117}.ink{fill:#e6edf3}.soft{fill:#9da7b1}.on{fill:#0d1117}.axis{stroke:#9da7b1}.grid{stroke:#30363d}
        .heat{fill:#79c0ff}.plus{fill:#ff8f87}.minus{fill:#79c0ff}.odd{fill:#e3b341}
        .s0{color:#58a6ff}.s1{color:#ff9a5c}.s2{color:#3fd0a4}.s3{color:#c9a2ff}.s4{color:#e3b341}.s5{color:#ff8f87}.s6{color:#76d0ec}.s7{color:#b1bac4}}
        """;

    private const double HeadingSize = 14, HeadingLeft = 16;

    private readonly StringBuilder _body = new();
    private readonly string _open;

    /// <summary>Creates a picture with a heading, by default its title, in its first 28 pixels.</summary>
    public Svg(double width, double height, string title, string description, string? heading = null)
    {
        _open = $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Number(width)} {Number(height)}" width="{Number(width)}" height="{Number(height)}" role="img" aria-label="{Escape(title)}" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="{Number(FontSize)}">
            <title>{Escape(title)}</title>
            <desc>{Escape(description)}</desc>
            <style>{Style}</style>

            """;
        Rectangle(0, 0, width, height, Class("paper"));
        Text(HeadingLeft, 20, Fit(heading ?? title, width - (2 * HeadingLeft), HeadingSize), style: "ink strong", size: HeadingSize);
    }

    /// <summary>Returns the attribute for a class of the theme.</summary>
    public static string Class(string name) => $"class=\"{name}\"";

    /// <summary>Returns the attributes that fill with the colour of a series or class.</summary>
    public static string Filled(int series) => $"class=\"s{series % Colours}\" fill=\"currentColor\"";

    /// <summary>Returns the attributes that draw lines in the colour of a series or class.</summary>
    public static string Stroked(int series) => $"class=\"s{series % Colours}\" fill=\"none\" stroke=\"currentColor\"";

    /// <summary>Returns the width that a picture needs to show a whole heading.</summary>
    public static double WidthForHeading(string text) => WidthOf(text, HeadingSize) + (2 * HeadingLeft);

    /// <summary>Replaces unpaired surrogates by �, because Unicode writers reject them.</summary>
    public static string Readable(string text) => string.Concat(text.EnumerateRunes());

    /// <summary>Estimates the width of a text, without a font.</summary>
    public static double WidthOf(string text, double size = FontSize)
    {
        ArgumentNullException.ThrowIfNull(text);
        double width = 0;
        foreach (Rune rune in text.EnumerateRunes())
            width += rune.Value >= 0x1100 ? 1 : rune.Value is 'i' or 'l' or '.' or ',' or ' ' or ':' ? 0.36
                : rune.Value is >= 'A' and <= 'Z' or 'm' or 'w' ? 0.76 : 0.61;
        return width * size;
    }

    /// <summary>Shortens a text to a width, with … at its end, or at its start if <paramref name="keepEnd"/> is true.</summary>
    public static string Fit(string text, double width, double size = FontSize, bool keepEnd = false)
    {
        if (WidthOf(text, size) <= width) return text;
        var elements = new StringInfo(text);
        int kept = elements.LengthInTextElements;
        string shown = "…";
        while (kept-- > 1)
        {
            shown = keepEnd ? "…" + elements.SubstringByTextElements(elements.LengthInTextElements - kept)
                : elements.SubstringByTextElements(0, kept) + "…";
            if (WidthOf(shown, size) <= width) break;
        }
        return shown;
    }

    /// <summary>Formats a number for readers: four digits, an exponent if it is far from 1, and a true minus sign.</summary>
    public static string Label(double value)
    {
        if (!double.IsFinite(value)) return double.IsNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
        double size = Math.Abs(value); // below, + 0.0 turns −0 into 0
        string text = size != 0 && (size < 1e-3 || size >= 1e6) ? value.ToString("0.###e0", CultureInfo.InvariantCulture)
            : (Math.Round(value, 6) + 0.0).ToString("0.####", CultureInfo.InvariantCulture);
        return text.Replace('-', '−');
    }

    /// <summary>Formats a number for programs; 0 if it is not finite.</summary>
    public static string Plain(double value) => double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "0";

    public void Rectangle(double x, double y, double width, double height, string paint, string? tooltip = null) =>
        Shape("rect", $"x=\"{Number(x)}\" y=\"{Number(y)}\" width=\"{Number(Math.Max(0, width))}\" height=\"{Number(Math.Max(0, height))}\" {paint}",
            tooltip);

    public void Line(double x1, double y1, double x2, double y2, string paint) =>
        Shape("line", $"x1=\"{Number(x1)}\" y1=\"{Number(y1)}\" x2=\"{Number(x2)}\" y2=\"{Number(y2)}\" {paint}", null);

    public void Circle(double x, double y, double radius, string paint, string? tooltip = null) =>
        Shape("circle", $"cx=\"{Number(x)}\" cy=\"{Number(y)}\" r=\"{Number(radius)}\" {paint}", tooltip);

    public void Path(string data, string paint) => Shape("path", $"d=\"{data}\" {paint}", null);

    /// <summary>Writes a text on a baseline, rotated around its position by some degrees.</summary>
    public void Text(double x, double y, string text, Anchor anchor = Anchor.Start, string style = "ink", double turn = 0, double size = FontSize)
    {
        string place = anchor switch { Anchor.Middle => " text-anchor=\"middle\"", Anchor.End => " text-anchor=\"end\"", _ => "" };
        string turned = turn == 0 ? "" : $" transform=\"rotate({Number(turn)} {Number(x)} {Number(y)})\"";
        string sized = size == FontSize ? "" : $" font-size=\"{Number(size)}\"";
        _body.Append($"<text x=\"{Number(x)}\" y=\"{Number(y)}\" class=\"{style}\"{place}{sized}{turned}>{Escape(text)}</text>\n");
    }

    /// <summary>Formats a coordinate; numbers that are not finite become 0.</summary>
    public static string Number(double value) => double.IsFinite(value) ? value.ToString("0.##", CultureInfo.InvariantCulture) : "0";

    /// <summary>Escapes text for XML; characters that XML does not allow become �.</summary>
    public static string Escape(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            char letter = text[i];
            if (i + 1 < text.Length && char.IsSurrogatePair(letter, text[i + 1])) result.Append(letter).Append(text[++i]);
            else
                result.Append(letter switch
                {
                    '&' => "&amp;",
                    '<' => "&lt;",
                    '>' => "&gt;",
                    '"' => "&quot;",
                    _ when !XmlConvert.IsXmlChar(letter) => "\uFFFD",
                    _ => letter.ToString()
                });
        }
        return result.ToString();
    }

    public override string ToString() => $"{_open}{_body}</svg>\n";

    private void Shape(string element, string attributes, string? tooltip)
    {
        _body.Append('<').Append(element).Append(' ').Append(attributes);
        if (tooltip is null) _body.Append("/>\n");
        else _body.Append("><title>").Append(Escape(tooltip)).Append("</title></").Append(element).Append(">\n");
    }
}
