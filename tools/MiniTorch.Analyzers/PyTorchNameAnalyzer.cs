using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace MiniTorch.Analyzers;

/// <summary>
/// MT0012: <c>x.Bmm(y)</c> does not compile, and the message says what it is called here. It looks only at code that does not compile.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class PyTorchNameAnalyzer() : MiniTorchAnalyzer(Rules.PyTorchName)
{
    private protected override void Register(CompilationStartAnalysisContext context, MiniTorchTypes types)
    {
        var names = new PyTorchNames(context.Compilation);
        context.RegisterOperationAction(c => Look(c, types, names), OperationKind.Invalid, OperationKind.Binary,
            OperationKind.SimpleAssignment);
    }

    private static void Look(OperationAnalysisContext c, MiniTorchTypes types, PyTorchNames names)
    {
        if (c.Operation.SemanticModel is not { } model) return;
        var look = new Lookup(model, types, names, c.CancellationToken);
        switch (c.Operation.Syntax)
        {
            case InvocationExpressionSyntax call:
                if (look.Comparison(call.Expression) is { } comparison)
                    Report(c, comparison, Equal(comparison));
                if (look.Answer(call.Expression, call.ArgumentList.Arguments.Count) is { } named)
                    Report(c, Place(call.Expression), named, look.OfModule);
                Arguments(c, look, call, call.ArgumentList);
                break;
            case ObjectCreationExpressionSyntax { Type: QualifiedNameSyntax type } when look.Answer(type) is { } made:
                Report(c, type.Right, made);
                break;
            case BaseObjectCreationExpressionSyntax { ArgumentList: { } list } creation:
                Arguments(c, look, creation, list);
                break;
            case MemberAccessExpressionSyntax { Parent: not InvocationExpressionSyntax } access when look.Answer(access, -1) is { } member:
                Report(c, access.Name, member, look.OfModule);
                break;
            case BinaryExpressionSyntax { Right: PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PointerIndirectionExpression } star } power
                when look.IsTensor(power.Left):
                Report(c, star, new PyTorchName("**", "x.Pow(y)", null, null, null));
                break;
            case BinaryExpressionSyntax { RawKind: (int)SyntaxKind.EqualsExpression or (int)SyntaxKind.NotEqualsExpression } equals
                when look.IsTensor(equals.Left) && look.IsNumber(equals.Right):
                Report(c, equals, Equal(equals));
                break;
            case AssignmentExpressionSyntax { Left: MemberAccessExpressionSyntax { Expression: not ThisExpressionSyntax } weight }
                when look.IsParameter(weight):
                Report(c, weight.Name, new PyTorchName("", null, null, "a weight is shared by the constructor, as in new Linear(embedding.Weight)",
                    null));
                break;
        }
    }

    private static void Arguments(OperationAnalysisContext c, Lookup look, ExpressionSyntax call, ArgumentListSyntax list)
    {
        if (list.Arguments.Count == 1 && list.Arguments[0] is { NameColon: null, Expression: LiteralExpressionSyntax only }
            && only.IsKind(SyntaxKind.TrueLiteralExpression) && look.Parameter(call, "inplace") is { } inPlace) Report(c, only, inPlace);
        foreach (ArgumentSyntax argument in list.Arguments)
        {
            if (argument.NameColon is { } name && look.Parameter(call, name.Name.Identifier.ValueText) is { } parameter)
                Report(c, name.Name, parameter);
            if (argument.Expression is LiteralExpressionSyntax { RawKind: (int)SyntaxKind.StringLiteralExpression } literal
                && look.Option(call, argument, list.Arguments.IndexOf(argument), literal.Token.ValueText) is { } option) Report(c, literal, option);
        }
    }

    private static PyTorchName Equal(BinaryExpressionSyntax comparison) =>
        new("torch.eq", comparison.IsKind(SyntaxKind.EqualsExpression) ? "x.Eq(y)" : "x.Ne(y)", null, null, null);

    private static SyntaxNode Place(ExpressionSyntax called) => called is MemberAccessExpressionSyntax access ? access.Name : called;

    private static void Report(OperationAnalysisContext c, SyntaxNode place, PyTorchName answer, bool ofModule = false)
    {
        ImmutableDictionary<string, string?> properties = ImmutableDictionary<string, string?>.Empty.Add("Code", answer.Code)
            .Add("Receiver", PyTorchNames.Receiver(answer.Torch))
            .Add("Parameters", answer.Parameters is null ? null : string.Join(",", answer.Parameters))
            .Add("OfModule", ofModule ? "" : null)
            .Add("LeaveOut", answer.Reason?.EndsWith("leave it out", StringComparison.Ordinal) == true ? "" : null);
        c.ReportDiagnostic(Diagnostic.Create(Rules.PyTorchName, place.GetLocation(), properties,
            answer.Code is null ? $"'{place}' is not in MiniTorch: {answer.Reason}" : $"'{place}' is {answer.Code} in MiniTorch"));
    }

    /// <summary>What stands at a place of code that does not compile.</summary>
    private sealed class Lookup(SemanticModel model, MiniTorchTypes types, PyTorchNames names, CancellationToken cancel)
    {
        /// <summary>Whether the last answer is about a name of a module or type, not of an instance.</summary>
        public bool OfModule { get; private set; }

        /// <summary>
        /// What is meant by code that is called, or read (with <paramref name="arguments"/> −1); null if it compiles or is unknown.
        /// </summary>
        public PyTorchName? Answer(ExpressionSyntax called, int arguments)
        {
            SymbolInfo info = model.GetSymbolInfo(called, cancel);
            if (info.Symbol is not null && (arguments < 0
                || info.Symbol is not (ILocalSymbol or IFieldSymbol or IParameterSymbol or IPropertySymbol))) return null;
            ISymbol? candidate = info.Symbol ?? info.CandidateSymbols.FirstOrDefault();
            if (arguments >= 0 && candidate is ILocalSymbol or IFieldSymbol or IParameterSymbol or IPropertySymbol)
                return Called(candidate, arguments);
            if (called is not MemberAccessExpressionSyntax access) return null;
            string name = access.Name.Identifier.ValueText;
            bool isType = model.GetSymbolInfo(access.Expression, cancel).Symbol is ITypeSymbol;
            string? path = Path(access.Expression), home = path ?? Home(access.Expression, isType);
            OfModule = isType || path is not null;
            if (path is not null && access.Parent is MemberAccessExpressionSyntax) return null; // torch.nn of torch.nn.functional
            if (home is null || names.Find(home, name) is not { } answer) return null;
            // After a name that is mended, what follows may be right.
            if (!OfModule && answer.Member?.Name == name && !IsTensor(access.Expression)) return null;
            // A name that is there was called in a wrong way: only a line of the table has more to say, or the way to call it.
            if (candidate is null) return answer;
            return answer.Member is null || (isType && !candidate.IsStatic) ? answer : null;
        }

        /// <summary>What is meant by the type of a <c>new nn.Linear(…)</c>.</summary>
        public PyTorchName? Answer(QualifiedNameSyntax type) =>
            model.GetSymbolInfo(type, cancel).Symbol is null && Module(type.Left.ToString()) is { } home
                ? names.Find(home, type.Right.Identifier.ValueText) : null;

        /// <summary>The parameter that an argument's name means; null if the name is right or unknown.</summary>
        public PyTorchName? Parameter(ExpressionSyntax call, string given)
        {
            IMethodSymbol[] candidates = [.. Candidates(call)];
            IParameterSymbol[] parameters = [.. candidates.SelectMany(method => method.Parameters)];
            if (candidates.Length == 0 || parameters.Any(parameter => parameter.Name == given)) return null;
            PyTorchName? line = names.Find("argument", given);
            string meant = line?.Code ?? given;
            return parameters.FirstOrDefault(parameter => PyTorchNames.Letters(parameter.Name) == PyTorchNames.Letters(meant)) is { } right
                ? new PyTorchName(given, right.Name, null, null, null) : line?.Code is null ? line : null;
        }

        /// <summary>The member of an enumeration that a string means as an argument; null if there is none.</summary>
        public PyTorchName? Option(ExpressionSyntax call, ArgumentSyntax argument, int position, string given)
        {
            IParameterSymbol? parameter = Candidates(call).Select(method => argument.NameColon is { } name
                ? method.Parameters.FirstOrDefault(parameter => parameter.Name == name.Name.Identifier.ValueText)
                : method.Parameters.ElementAtOrDefault(position)).FirstOrDefault(parameter => parameter?.Type.SpecialType == SpecialType.None);
            ITypeSymbol? type = parameter?.Type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable
                ? nullable.TypeArguments[0] : parameter?.Type;
            ISymbol? option = type?.GetMembers().FirstOrDefault(member => member.IsStatic && member is IFieldSymbol or IPropertySymbol
                && PyTorchNames.Letters(member.Name) == PyTorchNames.Letters(given));
            return option is null ? null : new PyTorchName(given, $"{type!.Name}.{option.Name}", null, null, null);
        }

        /// <summary>x == y of tensors in (x == y).F(), where it compares references.</summary>
        public BinaryExpressionSyntax? Comparison(ExpressionSyntax called)
        {
            ExpressionSyntax? receiver = (called as MemberAccessExpressionSyntax)?.Expression;
            while (receiver is ParenthesizedExpressionSyntax inner) receiver = inner.Expression;
            return receiver is BinaryExpressionSyntax { RawKind: (int)SyntaxKind.EqualsExpression or (int)SyntaxKind.NotEqualsExpression } comparison
                && IsTensor(comparison.Left) ? comparison : null;
        }

        /// <summary>Whether an expression is known to be a tensor.</summary>
        public bool IsTensor(ExpressionSyntax expression) => MiniTorchTypes.Is(model.GetTypeInfo(expression, cancel).Type, types.Tensor);

        /// <summary>Whether an expression is a number.</summary>
        public bool IsNumber(ExpressionSyntax expression) =>
            model.GetTypeInfo(expression, cancel).Type?.SpecialType is >= SpecialType.System_SByte and <= SpecialType.System_Double;

        /// <summary>Whether an expression is a parameter of a module that has no setter.</summary>
        public bool IsParameter(ExpressionSyntax expression) =>
            model.GetSymbolInfo(expression, cancel) is { } info && (info.Symbol ?? info.CandidateSymbols.FirstOrDefault())
                is IPropertySymbol { IsReadOnly: true } property && MiniTorchTypes.Is(property.Type, types.Parameter);

        private IEnumerable<IMethodSymbol> Candidates(ExpressionSyntax call) =>
            model.GetSymbolInfo(call, cancel).CandidateSymbols.OfType<IMethodSymbol>()
                .Where(method => method.ContainingNamespace?.ToString().StartsWith("MiniTorch", StringComparison.Ordinal) == true);

        // A model or a property that is called.
        private PyTorchName? Called(ISymbol symbol, int arguments)
        {
            ITypeSymbol? type = symbol switch
            {
                ILocalSymbol local => local.Type,
                IFieldSymbol field => field.Type,
                IParameterSymbol parameter => parameter.Type,
                _ => ((IPropertySymbol)symbol).Type,
            };
            if (MiniTorchTypes.Is(type, types.Module)) return names.Find("torch.nn.Module", "__call__");
            return arguments == 0 && symbol is IPropertySymbol && MiniTorchTypes.Is(symbol.ContainingType, types.Tensor)
                ? new PyTorchName($"torch.Tensor.{symbol.Name}", $"x.{symbol.Name}", [], null, null) : null;
        }

        // PyTorch's module or class of what a member is taken from.
        private string? Home(ExpressionSyntax receiver, bool isType)
        {
            ITypeSymbol? type = isType ? (ITypeSymbol)model.GetSymbolInfo(receiver, cancel).Symbol! : model.GetTypeInfo(receiver, cancel).Type;
            if (isType)
                return (type!.ContainingNamespace?.ToString(), type.Name) switch
                {
                    ("MiniTorch", "Tensor" or "DType" or "Generator") => "torch",
                    ("MiniTorch", "Linalg") => "torch.linalg",
                    ("MiniTorch", "Autograd") => "torch.autograd",
                    ("MiniTorch.Nn", "Functional") => "torch.nn.functional",
                    ("MiniTorch.Nn", "Init") => "torch.nn.init",
                    _ => null,
                };
            for (ITypeSymbol? ancestor = type; ancestor is not null; ancestor = ancestor.BaseType)
                switch (ancestor.ContainingNamespace?.ToString(), ancestor.Name)
                {
                    case ("MiniTorch", "Tensor"): return "torch.Tensor";
                    case ("MiniTorch", "Generator"): return "torch.Generator";
                    case ("MiniTorch.Nn", "Module"): return "torch.nn.Module";
                    case ("MiniTorch.Optim", "Optimizer"): return "torch.optim.Optimizer";
                    case ("MiniTorch.Optim", "LRScheduler"): return "torch.optim.lr_scheduler.LRScheduler";
                    case ("MiniTorch.Distributions", "Distribution"): return "torch.distributions.Distribution";
                }
            // What follows a name that is mended gives a tensor, as nearly everything does.
            return type is null or IErrorTypeSymbol && receiver is InvocationExpressionSyntax call && Answer(call.Expression, 0)?.Code is not null
                ? "torch.Tensor" : null;
        }

        // The module that a path of unknown names spells, as torch.nn.functional does.
        private string? Path(ExpressionSyntax receiver)
        {
            ExpressionSyntax root = receiver;
            while (root is MemberAccessExpressionSyntax access) root = access.Expression;
            return root is IdentifierNameSyntax && model.GetSymbolInfo(root, cancel) is { Symbol: null, CandidateSymbols.Length: 0 }
                ? Module(receiver.ToString()) : null;
        }

        private static string? Module(string path)
        {
            string[] parts = path.Split('.');
            string first = parts[0].ToLowerInvariant(), rest = string.Concat(parts.Skip(1).Select(part => $".{part}"));
            string? start = first switch
            {
                "torch" => "torch",
                "nn" or "optim" or "linalg" or "autograd" or "distributions" => $"torch.{first}",
                "f" => "torch.nn.functional",
                "init" => "torch.nn.init",
                _ => null,
            };
            return start is null ? null : start + rest.ToLowerInvariant().Replace(".tensor", ".Tensor").Replace(".module", ".Module");
        }
    }
}
