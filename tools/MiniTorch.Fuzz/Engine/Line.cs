namespace MiniTorch.Fuzz.Engine;

/// <summary>A line of a program: a value made of the values of lines before it.</summary>
/// <param name="Operands">The lines whose values it reads; none for an input or a constant.</param>
/// <param name="Apply">Computes it.</param>
/// <param name="Code">The same as C#, operands written as {0}, {1} ….</param>
/// <param name="IsLeaf">Whether a gradient is asked for.</param>
internal sealed record Line(int[] Operands, Func<Tensor[], Tensor> Apply, string Code, bool IsLeaf = false)
{
    /// <summary>The statement that gives line <paramref name="place"/> its value.</summary>
    public string Statement(int place)
    {
        string code = Code;
        for (int i = 0; i < Operands.Length; i++) code = code.Replace($"{{{i}}}", $"v{Operands[i]}", StringComparison.Ordinal);
        return $"Tensor v{place} = {code};{(IsLeaf ? $" v{place}.RequiresGrad = true;" : "")}";
    }
}
